"""What a call in a child process lets its parent know before it answers."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["tell", "tell_through"]

_Tell = Callable[[object], None]


class _Line:
    """To whoever called; to nobody outside a child process."""

    def __init__(self) -> None:
        self.tell: _Tell = lambda _: None


_LINE = _Line()


def tell(news: object) -> None:
    """Let the caller know something, such as how far the call is; outside a child process nobody hears it."""
    _LINE.tell(news)


def tell_through(tell_caller: _Tell) -> None:
    """Say how callers are reached: what a child process does once, when it starts."""
    _LINE.tell = tell_caller
