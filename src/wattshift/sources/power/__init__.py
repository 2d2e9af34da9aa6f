"""Power prices of the grid operators: their files, their feeds, and files of one's own."""
