"""Several sites under shared limits."""
