"""The stored setting."""
