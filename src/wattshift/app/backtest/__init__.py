"""The use-case `backtest`: history replayed with only what was knowable then."""
