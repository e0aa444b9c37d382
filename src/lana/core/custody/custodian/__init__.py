"""Who holds bitcoin."""
