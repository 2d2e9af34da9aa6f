"""The state-space model of the hashrate: filter, posterior, projection, detection, and their scores."""
