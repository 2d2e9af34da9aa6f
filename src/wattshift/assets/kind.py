"""The kinds of use a megawatt-hour can have."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["UseKind"]


class UseKind(StrEnum):
    """A use of power. Colocation and GPU cloud are two businesses and never one number."""

    MINING = "mining"
    COLOCATION = "colocation"
    GPU_CLOUD = "gpu_cloud"
    GRID = "grid"
