"""Forecasts of power prices, each from what was known at its own instant."""
