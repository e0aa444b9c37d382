"""What is owed, one by one."""
