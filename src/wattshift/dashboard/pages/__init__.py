"""The pages, one module each: what they ask of the service and which template shows it."""
