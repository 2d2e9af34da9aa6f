"""Work that takes long: simulations and backtests, with progress, in processes that can be stopped."""
