"""Vector charts that keep their text legible at every width, from a phone to a wide screen.

A drawing has a fixed height and takes the width it is given. Text, dots and rules stand at percentages of
that width, in the page's own font and size; lines and areas lie in nested `viewBox` layers that stretch with
it while their strokes do not. Colours come from CSS classes only, so that light, dark and print are the
page's business. All functions return SVG source; whatever comes from outside is escaped here.

Positions are fractions of the panel (0 to 1, from the left and from the bottom); see `scales`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from wattshift.errors import CheckFailed
from wattshift.report.figures import printable
from wattshift.report.page.scales import Tick

__all__ = ["AXIS_PX", "Panel", "drawing", "tag"]

AXIS_PX = 24
"""Height of the strip below a panel that holds the labels of its horizontal axis."""

_WIDTH_UNITS = 4_000
_UNITS_PER_PX = 4
_TEXT_LENGTH = 72
_LABEL_BASELINE_PX = 16
_MANY_TICKS = 5


def tag(element: str, *children: str, **attributes: object) -> str:
    """One element; `_` in an attribute's name stands for `-`, a trailing one is dropped.

    Children must be SVG source made here; attribute values are escaped.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(children)
    return f"<{element}{written}>{inner}</{element}>" if inner else f"<{element}{written}/>"


def drawing(*parts: str, key: str, height_px: float, title: str, summary: str) -> str:
    """A whole chart with its name and its description for those who cannot see it.

    Args:
        parts: what is drawn.
        key: a word that is unique on the page.
        height_px: its height [px].
        title: what it shows.
        summary: what can be seen on it, in a sentence or two.
    """
    return tag(
        "svg",
        tag("title", escape(printable(title)), id=f"{key}-title"),
        tag("desc", escape(printable(summary)), id=f"{key}-desc"),
        *parts,
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        class_="chart",
        width="100%",
        height=f"{height_px:g}",
    )


def _percent(position: float) -> str:
    return f"{_finite(position) * 100:.2f}".rstrip("0").rstrip(".") + "%"


def _finite(position: float) -> float:
    if not math.isfinite(position):
        raise CheckFailed("a position that is not finite reached a chart", position=position)
    return position


def _moves(points: Iterable[tuple[int, int]]) -> str:
    """Relative moves between points, equal neighbours and needless corners merged."""
    kept: list[tuple[int, int]] = []
    for point in points:
        if len(kept) > 1 and _is_between(kept[-2], kept[-1], point):
            kept.pop()
        if not kept or kept[-1] != point:
            kept.append(point)
    moves = [f"M{kept[0][0]} {kept[0][1]}"] if kept else []
    for (x, y), (next_x, next_y) in pairwise(kept):
        if y == next_y:
            moves.append(f"h{next_x - x}")
        elif x == next_x:
            moves.append(f"v{next_y - y}")
        else:
            moves.append(f"l{next_x - x} {next_y - y}")
    return "".join(moves)


def _is_between(first: tuple[int, int], middle: tuple[int, int], last: tuple[int, int]) -> bool:
    """Whether a horizontal run goes on."""
    return first[1] == middle[1] == last[1] and first[0] <= middle[0] <= last[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A rectangle with two axes, as wide as the drawing.

    Args:
        top_px: its upper edge [px].
        height_px: its height [px].
    """

    top_px: float
    height_px: float

    @property
    def bottom_px(self) -> float:
        """Its lower edge [px]."""
        return self.top_px + self.height_px

    def layer(self, *paths: str) -> str:
        """Paths that stretch with the panel; what lies outside is cut off."""
        box = f"0 0 {_WIDTH_UNITS} {self.height_px * _UNITS_PER_PX:g}"
        return tag(
            "svg",
            *paths,
            y=f"{self.top_px:g}",
            width="100%",
            height=f"{self.height_px:g}",
            viewBox=box,
            preserveAspectRatio="none",
        )

    def line(self, xs: Sequence[float], ys: Sequence[float], *, style: str) -> str:
        """A line through points, for a `layer`."""
        return tag("path", d=_moves(self._points(xs, ys)), class_=f"line {style}")

    def band(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], *, style: str) -> str:
        """The area between two lines, for a `layer`."""
        outline = [*self._points(xs, highs), *reversed(self._points(xs, lows))]
        return tag("path", d=f"{_moves(outline)}z", class_=f"band {style}")

    def steps(self, edges: Sequence[float], ys: Sequence[float], *, style: str) -> str:
        """A line that is constant between edges (one more than there are values), for a `layer`."""
        return tag("path", d=_moves(self._corners(edges, ys)), class_=f"line {style}")

    def step_area(self, edges: Sequence[float], ys: Sequence[float], *, style: str) -> str:
        """The area below steps, down to the panel's lower edge, for a `layer`."""
        corners = self._corners(edges, ys)
        floor = round(self.height_px * _UNITS_PER_PX)
        outline = [(corners[0][0], floor), *corners, (corners[-1][0], floor)]
        return tag("path", d=f"{_moves(outline)}z", class_=f"area {style}")

    def _points(self, xs: Sequence[float], ys: Sequence[float]) -> list[tuple[int, int]]:
        return [(round(_finite(x) * _WIDTH_UNITS), self._y_units(y)) for x, y in zip(xs, ys, strict=True)]

    def _corners(self, edges: Sequence[float], ys: Sequence[float]) -> list[tuple[int, int]]:
        across = [round(_finite(edge) * _WIDTH_UNITS) for edge in edges]
        return [
            corner
            for left, right, y in zip(across[:-1], across[1:], ys, strict=True)
            for corner in ((left, self._y_units(y)), (right, self._y_units(y)))
        ]

    def _y_units(self, y: float) -> int:
        return round((1 - _finite(y)) * self.height_px * _UNITS_PER_PX)

    def y_px(self, y_frac: float) -> float:
        """The height of a position within the drawing [px]."""
        return self.top_px + (1 - _finite(y_frac)) * self.height_px

    def level_axis(self, ticks: Sequence[Tick]) -> str:
        """Horizontal rules with their labels to the left of the panel."""
        marks = []
        for tick in ticks:
            y = f"{self.y_px(tick.position_frac):.1f}"
            marks += [
                tag("line", x2="100%", y1=y, y2=y, class_="rule"),
                tag("text", escape(tick.label), x="-8", y=y, dy="0.32em", class_="tick end"),
            ]
        return "".join(marks)

    def foot_axis(self, ticks: Sequence[Tick], *, rules: bool = False) -> str:
        """Labels below the panel with short marks, or rules across it; every other one goes on a phone."""
        marks = []
        for index, tick in enumerate(ticks):
            extra = " extra" if len(ticks) > _MANY_TICKS and index % 2 else ""
            at, foot = _percent(tick.position_frac), f"{self.bottom_px:g}"
            top = f"{self.top_px if rules else self.bottom_px + 4:g}"
            marks += [
                tag("line", x1=at, x2=at, y1=top, y2=foot, class_="rule"),
                tag("text", escape(tick.label), x=at, y=f"{self.bottom_px + _LABEL_BASELINE_PX:g}",
                    class_=f"tick mid{extra}"),
            ]  # fmt: skip
        floor = tag("line", x2="100%", y1=f"{self.bottom_px:g}", y2=f"{self.bottom_px:g}", class_="base")
        return floor + "".join(marks)

    def rule(self, y_frac: float, *, style: str) -> str:
        """A horizontal line across the panel."""
        at = f"{self.y_px(y_frac):.1f}"
        return tag("line", x2="100%", y1=at, y2=at, class_=style)

    def post(self, x_frac: float, *, style: str) -> str:
        """A vertical line across the panel."""
        at = _percent(x_frac)
        return tag("line", x1=at, x2=at, y1=f"{self.top_px:g}", y2=f"{self.bottom_px:g}", class_=style)

    def dot(self, x_frac: float, y_frac: float, *, style: str, radius_px: float = 4) -> str:
        """A dot."""
        return tag(
            "circle",
            cx=_percent(x_frac),
            cy=f"{self.y_px(y_frac):.1f}",
            r=f"{radius_px:g}",
            class_=f"dot {style}",
        )

    def span(self, x: tuple[float, float], y: tuple[float, float], *, style: str) -> str:
        """A straight line between two corners: a whisker, or an interval."""
        return tag(
            "line",
            x1=_percent(x[0]),
            x2=_percent(x[1]),
            y1=f"{self.y_px(y[0]):.1f}",
            y2=f"{self.y_px(y[1]):.1f}",
            class_=style,
        )

    def box(self, x: tuple[float, float], y: tuple[float, float], *, style: str) -> str:
        """A rectangle between two corners, in any order."""
        left, right = sorted(x)
        low, high = sorted(y)
        return tag(
            "rect",
            x=_percent(left),
            width=_percent(right - left),
            y=f"{self.y_px(high):.1f}",
            height=f"{(high - low) * self.height_px:.1f}",
            class_=style,
        )

    def label(
        self, x_frac: float, y_frac: float, text: str, *, style: str, right_px: float = 0, down_px: float = 0
    ) -> str:
        """A text at a position, moved by some pixels; its class aligns it (`start`, `mid`, `end`)."""
        return tag(
            "text",
            escape(printable(text, length=_TEXT_LENGTH)),
            x=_percent(x_frac),
            y=f"{self.y_px(y_frac):.1f}",
            dx=f"{right_px:g}" if right_px else None,
            dy=f"{down_px:g}" if down_px else None,
            class_=f"label {style}",
        )
