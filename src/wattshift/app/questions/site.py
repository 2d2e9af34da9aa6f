"""Questions about the site: what a MWh is worth, and what should run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from pydantic import Field

from wattshift.app import planning, valuing
from wattshift.app.briefing import brief
from wattshift.app.questions.question import Ask, Question, Weight, World
from wattshift.app.questions.window import AskWindow, window_of
from wattshift.app.siteplan.run import plan_site
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.site import PlanDocument, UseRow, ValueDocument
from wattshift.report.documents.siteplan import AmountRow, SitePlanDocument

__all__ = ["SITE_QUESTIONS", "AskValue", "LoadRow"]

_PLAN_DAYS = 1
_MOST_PLAN_DAYS = 31
_MOST_SITE_PLAN_DAYS = 7
_PLANNING_S = 10.0


class AskValue(Ask):
    """What may be asked about the value of a MWh."""

    hashprice_usd_per_ph_day: float | None = Field(
        default=None, gt=0, le=1e6, description="Use this hashprice, not the measured one [USD/PH/day]."
    )
    delivered_usd_per_mwh: float | None = Field(
        default=None, ge=-1e4, le=1e5, description="Use this delivered power price [USD/MWh]."
    )
    contracts: bool = Field(default=False, description="Also: public AI contracts per MWh.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """What one use draws in one interval of a plan.

    Args:
        start_at: start of the interval.
        hours: its length [h].
        spot_usd_per_mwh: power price [USD/MWh].
        cap_mw: the most the site may draw [MW].
        use: name of the use.
        load_mw: what it draws [MW].
    """

    start_at: datetime
    hours: float
    spot_usd_per_mwh: float
    cap_mw: float
    use: str
    load_mw: float


def _value(world: World, ask: AskValue) -> ValueDocument:
    what_if = valuing.WhatIf(
        hashprice_usd_per_ph_day=ask.hashprice_usd_per_ph_day,
        delivered_usd_per_mwh=ask.delivered_usd_per_mwh,
    )
    return valuing.value(world.archive, world.site, at=ask.at, what_if=what_if, contracts=ask.contracts)


def _plan(world: World, ask: AskWindow) -> PlanDocument:
    window = window_of(ask, days=_PLAN_DAYS, most_days=_MOST_PLAN_DAYS)
    return planning.plan(world.archive, world.site, at=ask.at, start_at=window.start_at, end_at=window.end_at)


def _loads(document: PlanDocument) -> Sequence[LoadRow]:
    series = document.series
    return [
        LoadRow(
            start_at=start_at,
            hours=series.hours,
            spot_usd_per_mwh=spot_usd_per_mwh,
            cap_mw=cap_mw,
            use=use,
            load_mw=loads[row],
        )
        for row, (start_at, spot_usd_per_mwh, cap_mw) in enumerate(
            zip(series.start_at, series.spot_usd_per_mwh, series.cap_mw, strict=True)
        )
        for use, loads in zip(series.uses, series.load_mw, strict=True)
    ]


def _site_plan(world: World, ask: AskWindow) -> SitePlanDocument:
    window = window_of(ask, days=_PLAN_DAYS, most_days=_MOST_SITE_PLAN_DAYS)
    return plan_site(
        world.archive,
        world.site,
        at=ask.at,
        start_at=window.start_at,
        end_at=window.end_at,
        wall_s=_PLANNING_S,
    )


def _brief(world: World, ask: Ask) -> BriefDocument:
    return brief(world.archive, world.site, site_note=world.site_note, at=ask.at)


SITE_QUESTIONS = (
    Question(
        name="value",
        summary="What a MWh is worth in each use, side by side, and how sure each ordering is.",
        ask=AskValue,
        document=ValueDocument,
        answer=_value,
        row=UseRow,
        listed=attrgetter("uses"),
    ),
    Question(
        name="plan",
        summary="Who gets the megawatts, interval by interval, and what that earns beside rules of thumb.",
        ask=AskWindow,
        document=PlanDocument,
        answer=_plan,
        row=LoadRow,
        listed=_loads,
    ),
    Question(
        name="site-plan",
        summary="A window planned as a whole: batteries, peaks, least times, and what each limit is worth.",
        ask=AskWindow,
        document=SitePlanDocument,
        answer=_site_plan,
        row=AmountRow,
        listed=attrgetter("amounts"),
        weight=Weight.HEAVY,
    ),
    Question(
        name="brief",
        summary="The one page that an operator acts on.",
        ask=Ask,
        document=BriefDocument,
        answer=_brief,
        weight=Weight.HEAVY,
    ),
)
