"""What is kept: the bundled history, the ledger of raw truth, and series that can be rebuilt."""
