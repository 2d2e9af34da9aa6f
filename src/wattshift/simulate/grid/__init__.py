"""The power market of a region: a curve of supply, loads with strikes, and what they do to the price."""
