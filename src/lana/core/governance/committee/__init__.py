"""People who decide together."""
