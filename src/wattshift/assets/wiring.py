"""The names by which the parts of a site point at one another."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from wattshift.errors import InputError

__all__ = ["require_distinct", "require_known"]


def require_distinct(noun: str, table: str, names: Iterable[str]) -> None:
    """Refuse a name that stands twice in a list of tables."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise InputError(
                f"two {noun} have the same name {name!r}",
                key=f"{table}.{index}.name",
                value=name,
                hint="name them differently",
            )
        seen.add(name)


def require_known(noun: str, key: str, names: Iterable[str], known: Sequence[str]) -> None:
    """Refuse a name that nothing on the site has."""
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            listed = f"there are {', '.join(repr(each) for each in known)}" if known else "there is none"
            raise InputError(
                f"there is no {noun} {name!r}",
                key=key,
                value=name,
                hint=f"did you mean {close[0]!r}? {listed}" if close else listed,
            )
