"""What people see: the command screen."""
