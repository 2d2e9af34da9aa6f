"""The picture of a backtest of alerts: when each rule's alert would have been open, and which were false."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from wattshift.report.documents.alerts import AlertsBacktestDocument, RuleBacktest
from wattshift.report.figures import day, name
from wattshift.report.plots import style
from wattshift.report.words import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_alerts"]

_BAR = 0.5


def draw_alerts(document: AlertsBacktestDocument, figure: Figure) -> None:
    """Draw a lane for each rule, with a bar from each onset to its recovery.

    Args:
        document: from `wattshift.app.alerting.backtest`.
        figure: an empty one.
    """
    axes = figure.subplots(gridspec_kw={"left": 0.2, "right": 0.86, "top": 0.8, "bottom": 0.14})
    lanes = document.rules[::-1]
    for lane, rule in enumerate(lanes):
        _lane(axes, lane, rule, document.end_at)
    axes.set_yticks(range(len(lanes)), [name(rule.rule, length=34) for rule in lanes], color=style.INK)
    axes.set_ylim(-0.7, len(lanes) - 0.3)
    axes.set_xlim(style.on_axis(document.start_at), style.on_axis(document.end_at))
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    style.time_axis(axes)
    style.heading(figure, "What the rules would have said", _subtitle(document))
    style.key_row(
        figure,
        [
            ("\N{BLACK SQUARE} true by all that is known now", style.BLUE),
            ("\N{BLACK SQUARE} false", style.VERMILION),
            ("\N{BLACK SQUARE} not decided yet", style.MUTED),
        ],
    )
    style.foot(figure, document.as_of, document.origins)


def _subtitle(document: AlertsBacktestDocument) -> str:
    span = f"{day(document.start_at)} to {day(document.end_at)}"
    return f"{span}; every rule saw only what was known then. {document.in_words}"


def _lane(axes: Axes, lane: int, rule: RuleBacktest, end_at: datetime) -> None:
    for episode in rule.episodes:
        colour = {None: style.MUTED, True: style.VERMILION, False: style.BLUE}[episode.is_false]
        start = style.on_axis(episode.onset_at)
        length = style.on_axis(episode.recovery_at or end_at) - start
        axes.barh(lane, length, left=start, height=_BAR, color=colour, alpha=0.55, linewidth=0)
        # A thin mark that also shows what lasted minutes only.
        axes.plot([start, start], [lane - _BAR / 2, lane + _BAR / 2], color=colour, linewidth=1.4)
    told = f"{counted(len(rule.episodes), 'alert')}, {rule.n_false} false"
    axes.text(
        1.01,
        lane,
        told,
        transform=axes.get_yaxis_transform(),
        fontsize=8.5,
        color=style.MUTED,
        va="center",
    )
