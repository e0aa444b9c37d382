"""A source of prices, switched on or off."""
