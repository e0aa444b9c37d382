"""A document and what became of it."""
