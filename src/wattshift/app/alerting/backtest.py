"""The use-case `alerts backtest`: what rules would have said over the kept history, and how true that was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from wattshift.alerts.lifecycle import Change, Event
from wattshift.alerts.rule import HashpriceBelowBreakEven, PriceSpike, Rule
from wattshift.app.alerting.null import has_null, null_row
from wattshift.app.alerting.observing import HistoryEye
from wattshift.app.alerting.running import Progress, Span, run_rules, spans_of, step_of_s
from wattshift.app.alerting.truth import HOW, Judge
from wattshift.app.snapshot import Archive
from wattshift.clock import Window
from wattshift.errors import InputError
from wattshift.provenance import Origin
from wattshift.report.documents.alerts import AlertEpisode, AlertsBacktestDocument, RuleBacktest
from wattshift.report.words import counted

__all__ = ["backtest_alerts", "kind_of", "origins_of"]

_YEAR = timedelta(days=365)
_LONGEST = timedelta(days=366 * 6)


def kind_of(rule: Rule) -> str:
    """What sort of rule it is, in words: `HashrateBelow` is "hashrate below"."""
    name = type(rule).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def backtest_alerts(
    archive: Archive,
    rules: Sequence[Rule],
    *,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    null_years: int = 0,
    null_seeds: int = 3,
    progress: Progress | None = None,
) -> AlertsBacktestDocument:
    """Replay rules over a stretch of time with nothing from later, and judge them with all that is known now.

    Args:
        archive: the kept history.
        rules: the rules; those that it cannot answer are named and left out.
        start_at: start of the stretch; a year before its end by default.
        end_at: its end; the last full hour known by default.
        null_years: years of constant hashrate to simulate as well, for rules that rest on an estimate.
        null_seeds: how many such simulations.
        progress: is told how many steps of how many are done.

    Raises:
        InputError: if the stretch is empty or above six years, or no rule can be answered.
        OutOfSpan: if the chain is not known then.
    """
    if end_at is None:
        end_at = archive.newest_at.replace(minute=0, second=0, microsecond=0)
    window = Window(start_at=end_at - _YEAR if start_at is None else start_at, end_at=end_at)
    if window.end_at - window.start_at > _LONGEST:
        raise InputError("a backtest spans six years at most", hint="move --start forward")
    asked = [rule for rule in rules if type(rule) in HOW]
    if not asked:
        kinds = ", ".join(kind_of(rule) for rule in rules)
        raise InputError(f"history cannot answer these rules: {kinds}", hint="choose another with --rule")
    archive.as_of(window.start_at)
    archive.as_of(window.end_at)
    eye = HistoryEye(archive, asked)
    events = run_rules(asked, eye.look, window, progress=progress)
    judge = Judge(archive, eye.chain)
    rows = tuple(_row(rule, events[rule.name], judge, window, null_years, null_seeds) for rule in asked)
    return AlertsBacktestDocument(
        as_of=archive.newest_at,
        start_at=window.start_at,
        end_at=window.end_at,
        rules=rows,
        left_out=tuple(rule.name for rule in rules if type(rule) not in HOW),
        in_words=_in_words(rows, window),
        origins=origins_of(archive, asked, window.end_at),
    )


def origins_of(archive: Archive, rules: Sequence[Rule], at: datetime) -> tuple[Origin, ...]:
    """The origins of what some rules look at."""
    names = ["blocks", "difficulty_periods"]
    if any(isinstance(rule, HashpriceBelowBreakEven) for rule in rules):
        names += ["block_fees", "btc_usd_daily"]
    if any(isinstance(rule, PriceSpike) for rule in rules):
        names.append("power_price")
    return archive.as_of(min(at, archive.newest_at)).origins(*names)


def _row(
    rule: Rule, events: Sequence[Event], judge: Judge, window: Window, null_years: int, null_seeds: int
) -> RuleBacktest:
    spans = spans_of(events)
    episodes = tuple(_episode(rule, span, judge, window) for span in spans)
    open_spans = [(span.onset.at, span.recovery_at or window.end_at) for span in spans]
    delays = [each.delay_s for each in episodes if each.delay_s is not None and not each.is_false]
    open_s = sum((end - start).total_seconds() for start, end in open_spans)
    wants_null = null_years and has_null(rule)
    return RuleBacktest(
        rule=rule.name,
        kind=kind_of(rule),
        step_s=step_of_s(rule),
        episodes=episodes,
        alerts_per_year_count=len(episodes) / (window.length_s / _YEAR.total_seconds()),
        n_false=sum(each.is_false is True for each in episodes),
        n_judged=sum(each.is_false is not None for each in episodes),
        n_missed=judge.missed(rule, window, open_spans),
        median_delay_s=median(delays) if delays else None,
        open_frac=open_s / window.length_s,
        n_no_data=sum(event.change is Change.NO_DATA for event in events),
        declared_per_year_count=rule.false_alarms_per_year_count,
        truth=HOW[type(rule)],
        null=null_row(rule, years=float(null_years), seeds=null_seeds) if wants_null else None,
    )


def _episode(rule: Rule, span: Span, judge: Judge, window: Window) -> AlertEpisode:
    verdict = judge.judge(rule, span.onset.at)
    was_there_before = span.onset.at == window.start_at
    finding = span.onset.finding
    return AlertEpisode(
        onset_at=span.onset.at,
        recovery_at=span.recovery_at,
        what="" if finding is None else finding.what,
        sure_prob=None if finding is None else finding.sure_prob,
        is_false=verdict.is_false,
        delay_s=None if was_there_before else verdict.delay_s,
    )


def _in_words(rows: Sequence[RuleBacktest], window: Window) -> str:
    total = sum(len(row.episodes) for row in rows)
    false = sum(row.n_false for row in rows)
    judged = sum(row.n_judged for row in rows)
    days = round(window.length_s / 86_400)
    told = f"{counted(total, 'alert')} of {counted(len(rows), 'rule')} in {counted(days, 'day')}"
    return f"{told}; {false} of the {judged} whose truth is known by now were false"
