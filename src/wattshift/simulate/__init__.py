"""The simulated network and grid: what they would do in return."""
