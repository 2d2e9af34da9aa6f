"""`wattshift import`: files into the store, proved before they are kept, and a receipt of what they did."""

from __future__ import annotations

__all__: list[str] = []
