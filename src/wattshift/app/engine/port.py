"""The port for work on many sites or scenarios: one function, many items, results in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Protocol, Self, TypeVar

__all__ = ["Engine"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Engine(Protocol):
    """Somewhere to work; a context manager that gives back what it took."""

    def map(self, function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
        """The results, in the order of the items, whoever computed them and whoever died.

        Args:
            function: of a module, so that another process finds it; the same item gives the same result.
            items: what can be pickled; each worth a second or so.

        Raises:
            SolveError: if an item ends whatever process takes it.
            Exception: what the function raised, of the first such item.
        """
        ...

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give back the processes."""
        ...
