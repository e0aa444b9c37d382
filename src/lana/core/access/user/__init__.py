"""A member of staff, or a third party's machine client, with exactly one role."""
