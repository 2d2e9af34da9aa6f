"""Where models meet adapters: snapshots and use-cases."""
