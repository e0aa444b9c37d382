"""Interest, from one posting to the next."""
