"""Who decides on a claim: one module for each family, one function for each kind."""
