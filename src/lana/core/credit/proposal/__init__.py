"""What a customer is offered, until it is decided."""
