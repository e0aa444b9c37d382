"""Money that came back."""
