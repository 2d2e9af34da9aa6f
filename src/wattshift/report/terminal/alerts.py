"""Terminal views of alerts: what the rules say now, and what they would have said."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from wattshift.alerts.finding import Status
from wattshift.clock import format_instant
from wattshift.report import words
from wattshift.report.documents.alerts import (
    AlertEpisode,
    AlertsBacktestDocument,
    AlertsDocument,
    NullRow,
    RuleBacktest,
)
from wattshift.report.figures import chance, number
from wattshift.report.terminal.layout import headline, origins_view, page, prose, row, table
from wattshift.units import SECONDS_PER_HOUR

__all__ = ["alerts_backtest_view", "alerts_view"]

_STYLE = {Status.FIRING: "red", Status.CLEAR: "green", Status.NO_DATA: "yellow"}
_MOST_EPISODES = 12


def alerts_view(document: AlertsDocument) -> Group:
    """`wattshift alerts check`."""
    made = table("rule", "says", ">sure", "what", "open since")
    for each in document.rules:
        row(
            made,
            each.rule,
            Text(each.status.value, style=_STYLE[each.status]),
            "" if each.sure_prob is None else chance(each.sure_prob),
            each.what,
            "" if each.open_since_at is None else format_instant(each.open_since_at),
        )
    parts: list[RenderableType] = [made, prose(document.in_words)]
    if document.n_events is not None:
        sent = words.counted(document.n_sent or 0, "message")
        failed = words.counted(document.n_failed or 0, "channel")
        parts.append(
            prose(f"kept: {words.counted(document.n_events, 'event')}; sent: {sent}; failed: {failed}")
        )
    return page(
        f"Alerts of {document.site}",
        format_instant(document.as_of),
        *parts,
        origins_view(document.origins),
    )


def alerts_backtest_view(document: AlertsBacktestDocument) -> Group:
    """`wattshift alerts backtest`."""
    made = table(
        "rule", ">alerts", ">a year", ">false", ">missed", ">typical delay", ">open", ">declared false"
    )
    for each in document.rules:
        row(
            made,
            each.rule,
            str(len(each.episodes)),
            number(each.alerts_per_year_count, 1),
            f"{each.n_false} of {each.n_judged}",
            "" if each.n_missed is None else str(each.n_missed),
            _delay(each.median_delay_s),
            words.percent(each.open_frac, signed=False),
            f"{each.declared_per_year_count:.2g} a year",
        )
    parts: list[RenderableType] = [
        prose(
            f"{format_instant(document.start_at)} to {format_instant(document.end_at)}; {document.in_words}"
        ),
        made,
        *(part for each in document.rules for part in _rule(each)),
    ]
    if document.left_out:
        parts.append(prose(f"history cannot answer: {', '.join(document.left_out)}", style="dim"))
    return page(
        "What the rules would have said",
        format_instant(document.as_of),
        *parts,
        origins_view(document.origins),
    )


def _rule(rule: RuleBacktest) -> list[RenderableType]:
    parts: list[RenderableType] = [headline(rule.rule, detail=f"{rule.kind}; false unless: {rule.truth}")]
    if rule.episodes:
        made = table("began", "ended", ">sure", "false?", ">delay", "what")
        for episode in rule.episodes[-_MOST_EPISODES:]:
            row(made, *_cells(episode))
        parts.append(made)
    if len(rule.episodes) > _MOST_EPISODES:
        parts.append(prose(f"the last {_MOST_EPISODES} of {len(rule.episodes)}; --json has all", style="dim"))
    if rule.null is not None:
        parts.append(prose(_null(rule.null)))
    return parts


def _cells(episode: AlertEpisode) -> tuple[str, ...]:
    return (
        format_instant(episode.onset_at),
        "open" if episode.recovery_at is None else format_instant(episode.recovery_at),
        "" if episode.sure_prob is None else chance(episode.sure_prob),
        "unknown" if episode.is_false is None else "FALSE" if episode.is_false else "no",
        _delay(episode.delay_s),
        episode.what,
    )


def _delay(delay_s: float | None) -> str:
    if delay_s is None:
        return ""
    if delay_s < 0:
        return f"{words.duration_in_words(-delay_s)} ahead"
    return "at once" if delay_s < SECONDS_PER_HOUR / 60 else words.duration_in_words(delay_s)


def _null(null: NullRow) -> str:
    verdict = "met" if null.is_met else "NOT MET"
    return (
        f"at constant hashrate: {words.counted(null.n_false, 'false alarm')} in {null.years:g} years,"
        f" {null.false_per_year_count:.2f} a year; {null.declared_per_year_count:.2g} are declared: {verdict}"
    )
