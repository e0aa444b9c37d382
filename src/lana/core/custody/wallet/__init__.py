"""Where bitcoin is held."""
