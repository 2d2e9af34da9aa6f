"""Which engine: one setting, in words."""

from __future__ import annotations

import os

from wattshift.app.engine.port import Engine
from wattshift.errors import ConfigError

__all__ = ["open_engine"]


def open_engine(setting: str = "local") -> Engine:
    """The engine of a setting.

    Args:
        setting: `local` (a process for each core), `local:4` (four), `dask` (a cluster of this machine) or
            `dask:tcp://host:8786` (a scheduler that runs already).

    Raises:
        ConfigError: if it is none of these, or dask is not installed.
    """
    kind, _, rest = setting.partition(":")
    if kind == "local" and (not rest or (rest.isdecimal() and int(rest) > 0)):
        from wattshift.app.engine.local import LocalEngine

        return LocalEngine(int(rest) if rest else os.cpu_count() or 1)
    if kind == "dask" and (not rest or "://" in rest):
        from wattshift.app.engine.cluster import DaskEngine

        return DaskEngine(rest or None, workers=os.cpu_count() or 1)
    raise ConfigError(
        "there is no such engine", engine=setting, hint="give local, local:4, dask or dask:tcp://host:8786"
    )
