"""Processes of a dask cluster, on this machine or others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from types import TracebackType
from typing import Any, Self, TypeVar

from wattshift.errors import ConfigError

__all__ = ["DaskEngine"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_RETRIES = 3


class DaskEngine:
    """An engine on `dask.distributed`.

    Args:
        address: of a scheduler, such as `tcp://host:8786`; a cluster of this machine if None.
        workers: how many processes a cluster of this machine has.

    Raises:
        ConfigError: if dask is not installed.
    """

    def __init__(self, address: str | None = None, workers: int = 2) -> None:
        try:
            distributed: Any = import_module("distributed")
        except ImportError:
            raise ConfigError(
                "the dask engine is not installed", hint="install wattshift[dask], or use the local engine"
            ) from None
        self._cluster: Any = None
        if address is None:
            self._cluster = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
            )
        self._client: Any = distributed.Client(self._cluster if address is None else address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the cluster's workers."""
        return tuple(self._client.run(_process_id).values())

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """See `wattshift.app.engine.port.Engine`."""
        futures = self._client.map(function, list(items), pure=False, retries=_RETRIES)
        results: list[_Result] = self._client.gather(futures)
        return results


def _process_id() -> int:
    from os import getpid

    return getpid()
