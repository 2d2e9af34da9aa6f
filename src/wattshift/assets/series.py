"""Series that a site needs beside its power price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wattshift.assets.bounds import STRICT, require_name

__all__ = ["Series"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One number for each interval, such as a capacity price or the output of a wind farm.

    Args:
        name: by which other keys point at it.
        file: a CSV or Parquet file with `start` and one more column; None if whoever plans brings it.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    file: str | None = None

    def __post_init__(self) -> None:
        require_name("name", self.name)
