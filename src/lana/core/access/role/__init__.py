"""A named collection of permission sets; what a user may do is what the one role grants."""
