"""The document about a backtest: what a site would have earned in each of several ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wattshift.provenance import Origin

__all__ = ["BacktestDocument", "Course", "ForecastSkill", "SpanKind", "SpanResult", "Way", "WayResult"]


class Way(StrEnum):
    """How a site was run in the replay."""

    FORESIGHT = "perfect foresight"
    PLANNER = "planner"
    LAST_PRICE = "last price"
    FLEET_AVERAGE = "fleet average"
    FLEET_SELLING = "fleet average, selling"
    STRIKE = "typed strike"
    ALWAYS_MINE = "always mine"
    AI_ONLY = "AI only"


class SpanKind(StrEnum):
    """What a span of time is."""

    WHOLE = "whole"
    YEAR = "year"
    MONTH = "month"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayResult:
    """What one way earned in a span.

    Args:
        way: how the site was run.
        profit_usd: what it earned, by its realised account [USD].
        behind_usd: what perfect foresight earned more [USD].
        captured_ratio: (profit - profit of AI only) / the same of perfect foresight; None where foresight
            gains nothing over AI only.
        energy_mwh: energy drawn [MWh].
    """

    way: Way
    profit_usd: float
    behind_usd: float
    captured_ratio: float | None
    energy_mwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanResult:
    """What all ways earned in a span of time.

    Args:
        name: of the span, such as a year or an event.
        kind: what it is.
        start_at: its start.
        end_at: its end.
        ways: one entry for each way, perfect foresight first.
        gap_closed_ratio: how much of what last-price persistence leaves to perfect foresight the planner
            earns; below zero where it earns less than persistence, None where nothing is left.
        over_fleet_ratio: what the planner earns more than the fleet-average rule, as a share of what that
            earns; None where that earns nothing. Where a site has batteries or sells reserves, the rule uses
            them too.
    """

    name: str
    kind: SpanKind
    start_at: datetime
    end_at: datetime
    ways: tuple[WayResult, ...]
    gap_closed_ratio: float | None
    over_fleet_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSkill:
    """How good forecasts of the next interval's price were.

    Args:
        name: of the forecast.
        mae_usd_per_mwh: mean absolute error [USD/MWh].
        bias_usd_per_mwh: mean of forecast - price [USD/MWh].
        cover_50_frac: share of the prices inside its 50 % conformal interval; None for too short a window.
        cover_90_frac: likewise, 90 %.
    """

    name: str
    mae_usd_per_mwh: float
    bias_usd_per_mwh: float
    cover_50_frac: float | None
    cover_90_frac: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What each way fell behind perfect foresight, accumulated over the window.

    Args:
        at: instants, ascending.
        ways: names of the rows of `behind_usd`.
        behind_usd: one row for each way [USD].
    """

    at: tuple[datetime, ...]
    ways: tuple[Way, ...]
    behind_usd: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestDocument:
    """`wattshift backtest`.

    Args:
        as_of: the newest instant of knowledge; each decision knew only what came before it.
        site: name of the site.
        start_at: start of the first interval.
        end_at: end of the last.
        intervals: number of intervals.
        hours: length of each [h].
        is_coupled: whether the intervals hang together, so that a rolling horizon planned them.
        spans: the whole window, then its years or months, then the events within it.
        forecasts: the forecasts of the next price.
        course: how the ways fell behind.
        what: each way in words.
        proof: how the plans were proved.
        in_words: the verdict.
        origins: where it comes from.
    """

    as_of: datetime
    site: str
    start_at: datetime
    end_at: datetime
    intervals: int
    hours: float
    is_coupled: bool
    spans: tuple[SpanResult, ...]
    forecasts: tuple[ForecastSkill, ...]
    course: Course
    what: tuple[str, ...]
    proof: str
    in_words: str
    origins: tuple[Origin, ...]

    @property
    def whole(self) -> SpanResult:
        """The result over the whole window."""
        return self.spans[0]
