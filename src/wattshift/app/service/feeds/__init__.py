"""Where moments come from: a store that grows, or history that runs again."""
