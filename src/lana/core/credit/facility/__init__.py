"""The loan itself."""
