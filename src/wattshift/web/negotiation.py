"""What a client takes (RFC 9110): media types by weight, encodings, and entity tags that it holds already."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["best_of", "holds", "takes_gzip"]

_MOST_PARTS = 50
"""More alternatives than these nobody means."""


def best_of(accept: str | None, offers: Sequence[str]) -> str | None:
    """The media type that a client likes best; the first offer where it does not care; None if it takes none.

    Args:
        accept: its Accept header, if it sent one.
        offers: media types without parameters, ours first.
    """
    ranges = _weighted(accept or "*/*")
    weights = {offer: _weight(offer, ranges) for offer in offers}
    best = max(offers, key=weights.__getitem__)
    return best if weights[best] > 0 else None


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether a client takes gzip."""
    weights = dict(_weighted(accept_encoding or ""))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def holds(if_none_match: str | None, etag: str) -> bool:
    """Whether a client holds what an entity tag names; weak comparison."""
    if if_none_match is None:
        return False
    held = {each.strip().removeprefix("W/") for each in if_none_match.split(",", _MOST_PARTS)}
    return "*" in held or etag in held


def _weighted(header: str) -> list[tuple[str, float]]:
    """Each alternative with its weight; what makes no sense is left out."""
    found = []
    for part in header.split(",", _MOST_PARTS)[:_MOST_PARTS]:
        name, *parameters = (piece.strip() for piece in part.lower().split(";"))
        weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            found.append((name, float(weight)))
        except ValueError:
            continue
    return [(name, weight) for name, weight in found if name and math.isfinite(weight)]


def _weight(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The weight of the most specific range that an offer falls under."""
    weights = dict(ranges)
    family = f"{offer.partition('/')[0]}/*"
    return next((weights[each] for each in (offer, family, "*/*") if each in weights), 0.0)
