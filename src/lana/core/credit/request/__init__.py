"""What a customer asks the bank for."""
