"""Why this answer: one method a file, each giving its raw values."""
