"""HTTP, the one way in which it is spoken here: bounded, polite and suspicious."""
