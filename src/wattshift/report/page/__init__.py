"""Documents as self-contained pages with vector charts."""
