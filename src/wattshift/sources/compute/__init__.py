"""Asking prices of GPU-hours: files, and lists on the web."""
