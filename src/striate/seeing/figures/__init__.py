"""What was seen, as a page and as a picture; both are drawn from one description."""
