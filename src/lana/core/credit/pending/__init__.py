"""A loan that waits for its collateral."""
