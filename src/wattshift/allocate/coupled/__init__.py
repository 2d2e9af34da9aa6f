"""Plans whose intervals depend on each other: ramps, starts, batteries, peaks, quotas, reserves."""
