"""The tolerance policy: when a printed number agrees with a figure.

A printed number stands for every value that rounds, or is cut, to its digits; a hedge ("about", "nearly")
widens that, a round number is never taken as more exact than its last non-zero digit. Then, in this order:

1. **holds**: the printed band holds the deciding figure;
2. **holds within noise**: it meets the deciding figure's interval;
3. **depends on the estimator**: it agrees with another estimator, or lies between two;
4. **misstated unit**: it agrees once the unit is moved by a usual slip (per MW for per MWh, TH for PH ...);
5. **contradicted**: it lies outside all of them by more than the kind's margin. Inside the margin of the
   deciding interval it still holds within noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wattshift.claims.claim import Figure, Verdict
from wattshift.claims.quantity import Amount, Band, Hedge, Quantity

__all__ = [
    "EXACT",
    "Slack",
    "band_of",
    "compare",
    "compare_change",
    "compare_exact",
    "compare_stated",
    "compare_threshold",
]

_NONE = Amount(0.0)
_HEDGED_FRAC = 0.03
_MAX_FRAC = 0.025
_MAX_HEDGED_FRAC = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """How far outside every figure a number must lie to be contradicted.

    Args:
        margin_frac: relative to the figure.
        least: at least this much, in the figure's own unit.
    """

    margin_frac: float = 0.0
    least: Amount = _NONE

    def of(self, amount: Amount) -> float:
        """The margin at a figure."""
        return max(abs(amount) * self.margin_frac, self.least)


EXACT = Slack()
"""No margin: for facts that carry no noise."""


def band_of(quantity: Quantity, *, sign: int = 1, max_frac: float = _MAX_FRAC) -> Band:
    """The values that a printed quantity can stand for.

    Args:
        quantity: what is printed.
        sign: -1 turns a printed magnitude into a fall.
        max_frac: no number counts as coarser than this fraction of itself, unless its decimals say so.
    """
    low, high, step = float(quantity.low), float(quantity.high), float(quantity.step)
    below, above = step / 2, step
    if quantity.hedge is Hedge.ABOUT:
        wide = min(max(step, _coarse_step(quantity) / 2, _HEDGED_FRAC * high), _MAX_HEDGED_FRAC * high)
        below = above = max(wide, step / 2 if step < 0.1 * high else 0.0)
    elif not quantity.is_range:
        # "0.07" is rounded to its last decimal, however coarse that is; "1" may stand for 1.0.
        rounded = step / 2 if quantity.step < quantity.factor else 0.0
        below = max(min(below, max_frac * high), rounded)
        above = max(min(above, max_frac * high), rounded)
    ends = sorted((sign * (low - below), sign * (high + above)))
    return Band(low=Amount(ends[0]), high=Amount(ends[1]))


def _coarse_step(quantity: Quantity) -> float:
    """Value of one in the last non-zero digit: 10 for 40, 100 for 1,100."""
    printed = quantity.low.normalize()
    exponent = printed.as_tuple().exponent
    coarse = 10.0 ** (exponent if isinstance(exponent, int) else 0)
    return max(coarse, float(quantity.step))


def compare(band: Band, figures: Sequence[Figure], slack: Slack = EXACT) -> tuple[Verdict, Figure]:
    """Judge an equality; the first figure decides, the others are what else could be meant."""
    first = figures[0]
    if band.holds(first.amount):
        return Verdict.HOLDS, first
    if band.meets(first.low, first.high):
        return Verdict.WITHIN_NOISE, first
    for other in figures[1:]:
        margin = slack.of(other.amount)
        if band.meets(other.amount - margin, other.amount + margin):
            return Verdict.DEPENDS, other
    amounts = [figure.amount for figure in figures]
    if band.meets(min(amounts), max(amounts)):
        return Verdict.DEPENDS, min(
            figures[1:], key=lambda figure: abs(figure.amount - (band.low + band.high) / 2)
        )
    margin = slack.of(first.amount)
    if band.meets(first.low - margin, first.high + margin):
        return Verdict.WITHIN_NOISE, first
    return Verdict.CONTRADICTED, first


def compare_stated(
    quantity: Quantity, figures: Sequence[Figure], slack: Slack = EXACT
) -> tuple[Verdict, Figure]:
    """Judge a number as it is hedged: "below x" and "above x" as thresholds, all else as an equality."""
    if quantity.hedge in {Hedge.ABOVE, Hedge.BELOW}:
        is_below = quantity.hedge is Hedge.BELOW
        return compare_threshold(quantity.amount, figures, is_below=is_below, slack=slack)
    return compare(band_of(quantity), figures, slack)


def compare_exact(quantity: Quantity, figure: Figure, slack: Slack = EXACT) -> Verdict:
    """Judge by a fact that carries no noise: what is said holds within the margin, or it does not."""
    verdict, _ = compare_stated(quantity, [figure], slack)
    return Verdict.HOLDS if verdict is Verdict.WITHIN_NOISE else verdict


def compare_change(
    quantity: Quantity, direction: int, figures: Sequence[Figure], slack: Slack = EXACT
) -> tuple[Verdict, Figure]:
    """Judge a change by its size and direction: "fell 15 %", "is up more than 20 %".

    Args:
        quantity: the size as printed.
        direction: -1 for a fall, +1 for a rise, 0 where the text leaves it open.
        figures: signed changes, the deciding one first.
        slack: the margin.
    """
    sign = direction or (-1 if figures[0].amount < 0 else 1)
    if quantity.hedge not in {Hedge.ABOVE, Hedge.BELOW}:
        return compare(band_of(quantity, sign=sign), figures, slack)
    sizes = [_turned(figure, sign) for figure in figures]
    is_below = quantity.hedge is Hedge.BELOW
    verdict, decisive = compare_threshold(quantity.amount, sizes, is_below=is_below, slack=slack)
    if is_below and sizes[0].high < 0:
        verdict = Verdict.CONTRADICTED
    return verdict, figures[sizes.index(decisive)]


def _turned(figure: Figure, sign: int) -> Figure:
    ends = sorted((sign * figure.low, sign * figure.high))
    return replace(figure, amount=Amount(sign * figure.amount), low=Amount(ends[0]), high=Amount(ends[1]))


def compare_threshold(
    threshold: Amount, figures: Sequence[Figure], *, is_below: bool, slack: Slack = EXACT
) -> tuple[Verdict, Figure]:
    """Judge "below x" or "above x"."""

    def agrees(figure: Figure) -> bool:
        return figure.amount < threshold if is_below else figure.amount > threshold

    first = figures[0]
    straddles = first.low < threshold < first.high
    if all(agrees(figure) for figure in figures):
        return (Verdict.WITHIN_NOISE if straddles else Verdict.HOLDS), first
    near = first.low - slack.of(first.amount) < threshold < first.high + slack.of(first.amount)
    if any(agrees(figure) for figure in figures):
        if agrees(first) and not straddles:
            return Verdict.HOLDS, first
        unlike = next(figure for figure in figures if agrees(figure) is not agrees(first))
        return Verdict.DEPENDS, unlike
    return (Verdict.WITHIN_NOISE if near else Verdict.CONTRADICTED), first
