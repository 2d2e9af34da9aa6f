"""The picture of the score: errors of every rule by depth, and the coverage of our intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wattshift.report.documents.score import ScoreDocument, ScoreRow, Standing
from wattshift.report.figures import day
from wattshift.report.plots import style

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_score"]

_RIVAL_COLOURS = (style.VERMILION, style.GREEN, style.PURPLE, style.MUTED)
_STANDING_MARKS = {
    Standing.SURELY_BETTER: ("o", style.BLUE),
    Standing.PROBABLY_BETTER: ("o", style.PAPER),
    Standing.TIED: ("_", style.BLUE),
    Standing.WORSE: ("x", style.VERMILION),
}


def draw_score(document: ScoreDocument, figure: Figure) -> None:
    """Draw RMSE and CRPS by depth for all rules, and raw and corrected coverage.

    Args:
        document: from `wattshift.app.scoring`.
        figure: an empty one.
    """
    left, middle, right = figure.subplots(
        1,
        3,
        gridspec_kw={"left": 0.045, "right": 0.93, "top": 0.79, "bottom": 0.16, "wspace": 0.16},
    )
    _losses(left, document, "RMSE", lambda row: row.rmse_frac)
    _losses(middle, document, "CRPS", lambda row: row.crps_frac)
    _coverage(right, document)
    for axes in (left, middle, right):
        axes.set_xlabel("blocks after the period's first one", fontsize=8.5)
        axes.set_xlim(0, 2016)
        axes.set_xticks([0, 504, 1008, 1512, 2016])
    style.heading(figure, _title(document), _subtitle(document))
    style.key_row(figure, _key(document))
    style.foot(figure, document.as_of, document.origins, note=document.fits_in_words)


def _title(document: ScoreDocument) -> str:
    lower = [
        verdict
        for verdict in document.verdicts
        if verdict.standing in {Standing.SURELY_BETTER, Standing.PROBABLY_BETTER}
    ]
    if len(lower) == len(document.verdicts):
        return "Projecting the next difficulty adjustment: lowest error at every depth"
    return (
        f"Projecting the next difficulty adjustment: lowest error at {len(lower)} of"
        f" {len(document.verdicts)} depths"
    )


def _subtitle(document: ScoreDocument) -> str:
    return (
        f"{document.periods} complete periods, {day(document.start_at)} to {day(document.end_at)};"
        " every rule saw only the blocks known then"
    )


def _colours(document: ScoreDocument) -> dict[str, str]:
    """A colour for each rule, ours first."""
    rules = dict.fromkeys([document.rule, *(row.rule for row in document.rows)])
    return dict(zip(rules, (style.BLUE, *_RIVAL_COLOURS), strict=False))


def _key(document: ScoreDocument) -> list[tuple[str, str]]:
    lines = [
        (f"\N{BOX DRAWINGS HEAVY HORIZONTAL} {rule}", colour) for rule, colour in _colours(document).items()
    ]
    marks = (
        "against every baseline, by both errors:  \N{BLACK CIRCLE} surely better   \N{WHITE CIRCLE} lower,"
        " not surely   \N{EN DASH} tied   \N{MULTIPLICATION SIGN} worse"
    )
    return [*lines, (marks, style.MUTED)]


def _losses(axes: Axes, document: ScoreDocument, name: str, loss: Callable[[ScoreRow], float]) -> None:
    for rule, colour in reversed(_colours(document).items()):
        rows = [row for row in document.rows if row.rule == rule]
        axes.plot(
            [row.depth for row in rows],
            [100 * loss(row) for row in rows],
            color=colour,
            lw=2.4 if rule == document.rule else 1.3,
            marker="o" if len(rows) == 1 else None,
        )
    axes.set_ylim(0, 1.12 * axes.get_ylim()[1])
    for verdict in document.verdicts:
        mark, fill = _STANDING_MARKS[verdict.standing]
        axes.plot(
            [verdict.depth],
            [0.965],
            mark,
            transform=axes.get_xaxis_transform(),
            color=style.VERMILION if verdict.standing is Standing.WORSE else style.BLUE,
            mfc=fill,
            ms=4.5,
            clip_on=False,
        )
    style.calm(axes, "percentage points")
    style.caption(axes, name)


def _coverage(axes: Axes, document: ScoreDocument) -> None:
    depths = [verdict.depth for verdict in document.verdicts]
    axes.axhspan(document.cover_low_frac, document.cover_high_frac, color=style.PALE, lw=0)
    marker = "o" if len(depths) == 1 else None
    (raw,) = axes.plot(
        depths,
        [verdict.cover_95_frac for verdict in document.verdicts],
        color=style.SKY,
        lw=1.3,
        marker=marker,
        label="as drawn",
    )
    (mended,) = axes.plot(
        depths,
        [verdict.adaptive_95_frac for verdict in document.verdicts],
        color=style.BLUE,
        lw=2.4,
        marker=marker,
        label="conformal",
    )
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.9), max(high, 1.0))
    style.as_percent(axes.yaxis)
    style.calm(axes, "share inside the 95 % interval")
    style.caption(axes, "coverage")
    style.direct_labels(axes, [raw, mended], bold=mended)
    axes.text(
        30,
        document.cover_low_frac + 0.001,
        f"aim: {100 * document.cover_low_frac:.0f} to {100 * document.cover_high_frac:.0f} %",
        fontsize=8,
        color=style.MUTED,
        va="bottom",
        path_effects=style.halo(),
    )
