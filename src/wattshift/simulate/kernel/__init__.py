"""Compiled loops of the simulated network: small pure functions over arrays, no objects."""
