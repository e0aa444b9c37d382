"""Credit: lending against bitcoin."""
