"""The live service: a feed of moments, a loop that turns each into an edition, and what answers from it."""
