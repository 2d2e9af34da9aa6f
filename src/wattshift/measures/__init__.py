"""Estimates of the network, each with its uncertainty, all as of an instant."""
