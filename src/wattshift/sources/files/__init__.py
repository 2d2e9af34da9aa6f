"""Files that people hand over: told apart by their content, read strictly and within bounds."""
