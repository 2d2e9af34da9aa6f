"""For every megawatt-hour: mine Bitcoin, serve AI compute, or leave it to the grid?"""

__all__ = ["__version__"]

__version__ = "0.1.0"
