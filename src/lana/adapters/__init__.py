"""The outside world, behind the ports of the domains. Only the composition root knows it."""
