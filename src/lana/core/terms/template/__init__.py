"""Terms under a name."""
