"""What is kept: the bundled history."""
