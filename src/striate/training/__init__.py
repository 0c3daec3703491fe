"""The loop on one page, and what it is made of: recipe, optimiser, schedule, averages, precision."""
