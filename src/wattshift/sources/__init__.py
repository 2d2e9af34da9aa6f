"""Adapters that bring data in: `fetch` touches the world, `parse` is pure."""
