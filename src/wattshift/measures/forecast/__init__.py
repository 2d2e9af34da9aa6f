"""Forecasts of power prices and hashprices, each from what was known at its own instant."""
