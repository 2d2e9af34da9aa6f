"""The documents about alerts: what the rules say now, and what they would have said in the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wattshift.alerts.finding import Figure, Status
from wattshift.alerts.rule import Severity
from wattshift.provenance import Origin

__all__ = [
    "AlertEpisode",
    "AlertEventRow",
    "AlertsBacktestDocument",
    "AlertsDocument",
    "NullRow",
    "RuleBacktest",
    "RuleRow",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """What one rule says.

    Args:
        rule: its name.
        kind: what sort of rule it is.
        severity: how much it matters.
        status: whether its condition holds.
        at: of when the evidence is.
        what: the finding in words.
        sure_prob: the probability of what it asks; None for a fact, and without data.
        figures: the numbers behind it.
        why: why it matters for the site.
        open_since_at: since when its alert is open in the journal; None if it is not, or there is none.
        acknowledged_by: who knows of the open alert; None for nobody.
        silent_until_at: nothing of it is told until then; None if it is not silenced.
    """

    rule: str
    kind: str
    severity: Severity
    status: Status
    at: datetime
    what: str
    sure_prob: float | None
    figures: tuple[Figure, ...]
    why: str
    open_since_at: datetime | None
    acknowledged_by: str | None
    silent_until_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEventRow:
    """Something that happened to an alert.

    Args:
        number: its number in the journal: 1, 2, 3 ...
        at: when.
        since_at: since when the alert is open, or there is no data.
        rule: name of its rule.
        change: what happened: onset, update, recovery, no data, acknowledged, silenced ...
        severity: how much it matters.
        group: of the rule.
        key: the same for all events from an onset to its recovery.
        what: the finding in words; empty where nothing is known.
        sure_prob: the probability of what the rule asks; None for a fact, and without data.
        why: why it matters for the site.
        note: who acknowledged or silenced it, and the reason.
        is_muted: whether it happened in silence.
    """

    number: int
    at: datetime
    since_at: datetime
    rule: str
    change: str
    severity: Severity
    group: str
    key: str
    what: str
    sure_prob: float | None
    why: str
    note: str
    is_muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsDocument:
    """`wattshift alerts check`.

    Args:
        as_of: the instant.
        site: whose alerts they are.
        rules: what each rule says.
        n_events: what happened to alerts by this check; None if it was not kept in the journal.
        n_sent: messages that were sent; None likewise.
        n_failed: channels that failed; None likewise.
        in_words: how it stands.
        origins: where it comes from.
    """

    as_of: datetime
    site: str
    rules: tuple[RuleRow, ...]
    n_events: int | None
    n_sent: int | None
    n_failed: int | None
    in_words: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEpisode:
    """One alert, from onset to recovery.

    Args:
        onset_at: when it would have begun.
        recovery_at: when it would have ended; None if it was open at the end.
        what: what it would have said.
        sure_prob: how sure it would have been; None for a fact or a test.
        is_false: whether it was wrong, where the truth is known.
        delay_s: from when it became true to the onset; below 0 for what was foreseen; None if
            unknown, or true before the start [s].
    """

    onset_at: datetime
    recovery_at: datetime | None
    what: str
    sure_prob: float | None
    is_false: bool | None
    delay_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NullRow:
    """What a rule says where there is nothing to say: at constant hashrate.

    Args:
        years: simulated, of every seed together.
        seeds: how many.
        n_false: false alarms.
        false_per_year_count: the same a year.
        declared_per_year_count: what the rule admits to.
        is_met: not more than declared, but for what luck brings once in a thousand such simulations.
    """

    years: float
    seeds: int
    n_false: int
    false_per_year_count: float
    declared_per_year_count: float
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBacktest:
    """What one rule would have said.

    Args:
        rule: its name.
        kind: what sort of rule it is.
        step_s: it was asked so often [s].
        episodes: the alerts, oldest first.
        alerts_per_year_count: alerts a year.
        n_false: false ones, where the truth is known.
        n_judged: alerts whose truth is known.
        n_missed: what was true and had no alert; None where that is not defined.
        median_delay_s: of the true ones; None where there is none [s].
        open_frac: share of the time in which an alert was open.
        n_no_data: how often it lost its data.
        declared_per_year_count: false alarms a year that it admits to, in the case that its kind describes.
        truth: how it was decided what is true.
        null: at constant hashrate; None where that was not asked for, or says nothing.
    """

    rule: str
    kind: str
    step_s: float
    episodes: tuple[AlertEpisode, ...]
    alerts_per_year_count: float
    n_false: int
    n_judged: int
    n_missed: int | None
    median_delay_s: float | None
    open_frac: float
    n_no_data: int
    declared_per_year_count: float
    truth: str
    null: NullRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsBacktestDocument:
    """`wattshift alerts backtest`.

    Args:
        as_of: the instant of knowledge: the truth is what is known now.
        start_at: start of the stretch of time.
        end_at: its end.
        rules: what each rule would have said.
        left_out: rules that the history cannot answer.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    start_at: datetime
    end_at: datetime
    rules: tuple[RuleBacktest, ...]
    left_out: tuple[str, ...]
    in_words: str
    origins: tuple[Origin, ...]
