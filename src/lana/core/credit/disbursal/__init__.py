"""Money drawn."""
