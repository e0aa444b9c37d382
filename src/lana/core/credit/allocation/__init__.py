"""What a payment covered."""
