"""Work in processes of its own: limits for one solve, and many solves at once."""
