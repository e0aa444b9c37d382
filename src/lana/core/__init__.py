"""The domains of the bank. Each room is seen by others through its `__init__` alone."""
