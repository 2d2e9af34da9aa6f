"""Plans under several possible futures: what is decided before prices are known, and what can wait."""
