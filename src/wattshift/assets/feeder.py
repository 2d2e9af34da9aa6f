"""Feeders and transformers: limits on some of the uses together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_name, require_power
from wattshift.errors import InputError

__all__ = ["Feeder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeder:
    """A feeder, a transformer or a cooling loop, and what stands behind it.

    Args:
        name: its name, unique on its site.
        limit_mw: the most that the uses behind it may draw together [MW].
        uses: names of those halls and machine classes.

    Raises:
        InputError: if the limit is out of range, or nothing stands behind it.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    limit_mw: float
    uses: tuple[str, ...]

    def __post_init__(self) -> None:
        require_name("name", self.name)
        require_power("limit_mw", self.limit_mw)
        if not self.uses:
            raise InputError(
                f"nothing stands behind {self.name!r}",
                key="uses",
                hint="list the names of its halls and machine classes",
            )
