"""Long histories as curves that can be zoomed: what a screen can show of them, and never less than it."""
