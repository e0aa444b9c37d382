"""Documents: stored apart, reached by signed links."""
