"""The price the bank goes by."""
