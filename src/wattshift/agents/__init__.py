"""The same questions for agents, over the Model Context Protocol; they read, and change nothing."""
