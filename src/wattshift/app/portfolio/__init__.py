"""The use-case `portfolio`: several sites under shared limits."""
