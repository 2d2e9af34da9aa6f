"""How hard mining is pressed: the signals, the fleet and its cost curve."""
