"""Alerts over the world: what is observed, kept, said and sent; what rules would have said in the past."""
