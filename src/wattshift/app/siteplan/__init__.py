"""The use-case `plan` of a site whose intervals hang together."""
