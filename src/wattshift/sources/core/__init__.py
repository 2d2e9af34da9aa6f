"""A Bitcoin node of one's own: Bitcoin Core, or whatever speaks its JSON-RPC and REST."""

from __future__ import annotations

from wattshift.sources.core.source import CORE_LIMITS, CoreSource

__all__ = ["CORE_LIMITS", "CoreSource"]
