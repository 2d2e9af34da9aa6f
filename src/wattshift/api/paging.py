"""Lists that are told page by page, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AskPage", "next_before", "next_link"]


class AskPage(BaseModel):
    """Which rows to list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: int | None = Field(
        default=None, ge=1, le=2**53, description="Only rows with a smaller number: the next page."
    )
    limit: int = Field(default=100, ge=1, le=1_000, description="The most rows of one page.")


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


def next_before(rows: Sequence[_Numbered], ask: AskPage) -> int | None:
    """What to ask for as `before` to get the next page; None if this is the last one."""
    return rows[-1].number if len(rows) == ask.limit and rows[-1].number > 1 else None


def next_link(path: str, before: int | None, ask: AskPage) -> dict[str, str]:
    """The header that leads to the next page, if there is one."""
    return {} if before is None else {"Link": f'<{path}?before={before}&limit={ask.limit}>; rel="next"'}
