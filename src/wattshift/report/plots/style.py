"""The common style of the pictures: colours, heading, foot line, labels beside lines; and their bytes.

The colours are those of Okabe & Ito (2008), which people with any colour vision tell apart.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wattshift import __version__
from wattshift.errors import InputError
from wattshift.provenance import Origin
from wattshift.report.figures import instant, number, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import AbstractPathEffect

__all__ = [
    "BLUE",
    "GREEN",
    "INK",
    "LINE_END_PX",
    "MUTED",
    "ORANGE",
    "PALE",
    "PAPER",
    "PURPLE",
    "SKY",
    "VERMILION",
    "PictureForm",
    "as_percent",
    "calm",
    "caption",
    "direct_labels",
    "dot_on",
    "foot",
    "halo",
    "heading",
    "key_row",
    "on_axis",
    "picture_form",
    "render",
    "spread_px",
    "time_axis",
]

INK, MUTED, PALE, PAPER = "#1c2530", "#5d6875", "#e4e8ec", "#ffffff"
BLUE, VERMILION, GREEN = "#0072b2", "#d55e00", "#009e73"
ORANGE, SKY, PURPLE = "#e69f00", "#56b4e9", "#cc79a7"
LINE_END_PX = 13.0
"""Least distance of two labels beside the ends of lines."""

_SIZE_IN = (12.0, 6.75)
_SCREEN_DPI, _PNG_DPI = 100, 160
_FOOT_COLUMNS = 210
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": PAPER,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": _SCREEN_DPI,
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "path",
    "svg.hashsalt": "wattshift",
    "text.color": INK,
    "text.parse_math": False,
    "timezone": "UTC",
    "xtick.color": MUTED,
    "xtick.major.size": 3.0,
    "ytick.color": MUTED,
    "ytick.major.size": 0.0,
}


class PictureForm(StrEnum):
    """The forms in which a picture can be written."""

    SVG = "svg"
    PNG = "png"


def picture_form(path: Path) -> PictureForm:
    """The form that a file name asks for, once it is sure that it can be drawn.

    Raises:
        InputError: if the name ends in neither .svg nor .png, or matplotlib is missing.
    """
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in set(PictureForm):
        raise InputError(
            f"{printable(path.name)!r} is no name of a picture",
            hint="end it in .svg (scales without loss) or .png",
        )
    try:
        import matplotlib as mpl  # noqa: F401  # asked before the work, not after it
    except ImportError:
        raise InputError(
            "pictures need matplotlib, which is not installed", hint="pip install 'wattshift[plot]'"
        ) from None
    return PictureForm(suffix)


@contextmanager
def _house_style() -> Iterator[None]:
    """The library's own defaults, whatever the user's settings, and this house's on top of them."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def render(draw: Callable[[Figure], None], form: PictureForm, *, title: str) -> bytes:
    """The bytes of a picture; the same data gives the same bytes.

    Args:
        draw: draws on an empty figure of 1200 x 675 pixels.
        form: svg, or png of 1920 x 1080 pixels.
        title: kept inside the file for those who cannot see it.
    """
    from matplotlib.figure import Figure

    # Neither the date nor the version of the drawing library: both would change the bytes.
    metadata = {"Title": title, **({"Date": None} if form is PictureForm.SVG else {"Software": None})}
    metadata |= {"Creator": "wattshift"} if form is PictureForm.SVG else {"Author": "wattshift"}
    with _house_style():
        figure = Figure(figsize=_SIZE_IN, dpi=_SCREEN_DPI)
        draw(figure)
        buffer = BytesIO()
        figure.savefig(buffer, format=form.value, dpi=_PNG_DPI, metadata=metadata)
    return buffer.getvalue()


def heading(figure: Figure, title: str, subtitle: str) -> None:
    """The headline of a picture and the line below it, which says what to see."""
    figure.text(0.045, 0.945, printable(title), fontsize=17, fontweight="bold", va="baseline")
    figure.text(0.045, 0.905, printable(subtitle), fontsize=10.5, color=MUTED, va="baseline")


def foot(figure: Figure, as_of: datetime, origins: Sequence[Origin], *, note: str = "") -> None:
    """The foot line: as of when, from which sources under which licences, and what a reader must know."""
    by_source = dict.fromkeys(f"{origin.name}: {origin.source} ({origin.licence})" for origin in origins)
    told = f"As of {instant(as_of)}. {note + ' ' if note else ''}Sources: {'; '.join(by_source)}."
    # A sign-off that is not broken across lines.
    sign_off = f" Drawn by wattshift {__version__}.".replace(" ", "\N{NO-BREAK SPACE}")
    lines = textwrap.wrap(f"{printable(told)} {sign_off.strip()}", _FOOT_COLUMNS)
    figure.text(0.045, 0.018, "\n".join(lines), fontsize=7, color=MUTED, va="bottom", linespacing=1.35)


def calm(axes: Axes, unit: str) -> None:
    """Only horizontal grid lines, and the unit written above the axis."""
    axes.grid(visible=True, axis="y")
    axes.spines["left"].set_visible(False)
    axes.text(0, 1.015, unit, transform=axes.transAxes, fontsize=8.5, color=MUTED, ha="left", va="bottom")


def caption(axes: Axes, text: str, colour: str = INK) -> None:
    """What a panel shows, in its upper right corner."""
    axes.text(
        1,
        1.015,
        printable(text),
        transform=axes.transAxes,
        fontsize=9.5,
        fontweight="bold",
        color=colour,
        ha="right",
        va="bottom",
    )


def key_row(figure: Figure, entries: Sequence[tuple[str, str]]) -> None:
    """What the colours mean, in one row below the heading: (label, colour)."""
    from matplotlib.offsetbox import AnchoredOffsetbox, HPacker, TextArea

    labels = [TextArea(text, textprops={"color": colour, "fontsize": 9}) for text, colour in entries]
    row = AnchoredOffsetbox(
        loc="lower left",
        child=HPacker(children=list(labels), pad=0, sep=16),
        pad=0,
        borderpad=0,
        frameon=False,
        bbox_to_anchor=(0.045, 0.858),
        bbox_transform=figure.transFigure,
    )
    figure.add_artist(row)


def time_axis(axes: Axes) -> None:
    """Months and years, the year written where it begins."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=10)  # type: ignore[no-untyped-call]  # its module has no types
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)


def on_axis(at: date) -> float:
    """Where an instant or a day stands on a time axis."""
    from matplotlib.dates import date2num

    return float(date2num(at))  # type: ignore[no-untyped-call]


def as_percent(axis: Axis, *, ticks: int = 8, signed: bool = False) -> None:
    """Fractions on an axis, written as percentages."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def written(value: float, _position: int | None) -> str:
        return f"{number(100 * value, 0 if step >= 1 else 1, signed=signed)} %"

    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 5, 10]))
    places = axis.get_majorticklocs()
    step = 100 * float(places[1] - places[0]) + 1e-9
    axis.set_major_formatter(FuncFormatter(written))


def spread_px(wanted_px: Sequence[float], *, gap_px: float = LINE_END_PX) -> list[float]:
    """Positions as near to the wanted ones as a least gap allows, in the order of the wanted ones.

    Labels that would collide form a block that is centred on the mean of what they want.
    """
    order = sorted(range(len(wanted_px)), key=lambda index: wanted_px[index])
    blocks: list[tuple[list[int], float]] = []
    for index in order:
        members, centre = [index], float(wanted_px[index])
        while blocks and centre - gap_px * len(members) / 2 < blocks[-1][1] + gap_px * len(blocks[-1][0]) / 2:
            before, _ = blocks.pop()
            members = before + members
            centre = sum(wanted_px[each] for each in members) / len(members)
        blocks.append((members, centre))
    placed = [0.0] * len(order)
    for members, centre in blocks:
        for rank, index in enumerate(members):
            placed[index] = centre + gap_px * (rank - (len(members) - 1) / 2)
    return placed


def direct_labels(axes: Axes, lines: Sequence[Line2D], *, bold: Line2D | None = None) -> None:
    """Write each line's label beside its end, in its colour; the axes' limits must be final."""
    axes.get_ylim()  # matplotlib brings the limits up to date only when asked
    ends = [_end_of(line) for line in lines]
    heights_px = [float(axes.transData.transform(end)[1]) for end in ends]
    for line, end, height_px in zip(lines, ends, spread_px(heights_px), strict=True):
        axes.annotate(
            str(line.get_label()),
            xy=(end[0], axes.transData.inverted().transform((0, height_px))[1]),
            xytext=(6, 0),
            textcoords="offset points",
            color=line.get_color(),
            fontsize=8.5,
            fontweight="bold" if line is bold else "normal",
            va="center",
            annotation_clip=False,
        )


def halo() -> list[AbstractPathEffect]:
    """A rim of paper around a text that stands on lines."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground=PAPER)]


def _end_of(line: Line2D) -> tuple[float, float]:
    place, value = np.asarray(line.get_xydata(), dtype=np.float64)[-1].tolist()
    return place, value


def dot_on(axes: Axes, line: Line2D) -> None:
    """A dot at the end of a line."""
    place, value = _end_of(line)
    axes.plot([place], [value], "o", ms=5, color=line.get_color(), zorder=5, clip_on=False)
