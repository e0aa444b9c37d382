"""A customer's money at the bank."""
