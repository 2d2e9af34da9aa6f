"""Who gets the megawatts: the merit-order dispatch, its account, its proof and its baselines."""
