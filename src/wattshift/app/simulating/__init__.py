"""Simulations of the network: from what is known at an instant, through its paths, to a document."""
