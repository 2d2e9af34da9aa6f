"""What happens when there is no plan: why, what could give way, and what is still safe."""
