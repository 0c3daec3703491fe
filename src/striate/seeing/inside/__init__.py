"""Inside the network: filters, maps, units, fields, and what they have learned."""
