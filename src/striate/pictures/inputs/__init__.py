"""What a user names becomes rows: folders, manifests, archives read in place, shards."""
