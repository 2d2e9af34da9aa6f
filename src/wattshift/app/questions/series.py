"""Questions about history: series of figures, page by page."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter

from pydantic import Field

from wattshift.app.power import prices_within, spot_table
from wattshift.app.questions.question import Ask, Question, World
from wattshift.app.questions.window import (
    MOST_ROWS,
    AskGrid,
    AskWindow,
    next_cursor,
    page_of,
    window_of,
)
from wattshift.clock import parse_duration_s
from wattshift.errors import InputError
from wattshift.measures.difficulty import Adjustment, adjustments
from wattshift.measures.hashrate import hashrate_series
from wattshift.measures.intervals import LEVEL
from wattshift.report.documents.series import (
    DifficultySeriesDocument,
    HashpriceRow,
    HashpriceSeriesDocument,
    HashrateRow,
    HashrateSeriesDocument,
    PowerRow,
    PowerSeriesDocument,
)

__all__ = ["SERIES_QUESTIONS", "AskHashrateSeries"]

_DAYS = 90
_POWER_DAYS = 7
_CHAIN = ("blocks", "difficulty_periods")
_PRICED = (*_CHAIN, "block_fees", "btc_usd_daily")


class AskHashrateSeries(AskGrid):
    """What may be asked about the history of the hashrate."""

    window: str = Field(
        default="7d", pattern=r"^\d{1,3}(h|d|w)$", description="Length of the moving window: 7d, 36h, 2w."
    )


def _hashrate(world: World, ask: AskHashrateSeries) -> HashrateSeriesDocument:
    page = page_of(ask, days=_DAYS)
    snapshot = world.archive.as_of(ask.at)
    window_s = parse_duration_s(ask.window)
    frame = hashrate_series(
        snapshot.blocks, end_at=page.last_at, step_s=page.step_s, steps=page.count, window_s=window_s
    )
    return HashrateSeriesDocument(
        as_of=snapshot.as_of,
        start_at=page.window.start_at,
        end_at=page.window.end_at,
        step_s=page.step_s,
        window_s=window_s,
        level=LEVEL,
        rows=tuple(HashrateRow(**row) for row in frame.iter_rows(named=True)),
        next_at=page.next_at,
        origins=snapshot.origins(*_CHAIN),
    )


def _hashprice(world: World, ask: AskGrid) -> HashpriceSeriesDocument:
    page = page_of(ask, days=_DAYS)
    snapshot = world.archive.as_of(ask.at)
    instants = (page.first_at + timedelta(seconds=page.step_s * number) for number in range(page.count))
    known = (world.archive.as_of(instant).hashprice for instant in instants)
    return HashpriceSeriesDocument(
        as_of=snapshot.as_of,
        start_at=page.window.start_at,
        end_at=page.window.end_at,
        step_s=page.step_s,
        level=LEVEL,
        rows=tuple(
            HashpriceRow(
                at=each.as_of,
                usd_per_ph_day=each.usd_per_ph_day,
                low_usd_per_ph_day=each.low_usd_per_ph_day,
                high_usd_per_ph_day=each.high_usd_per_ph_day,
                btc_per_ph_day=each.btc_per_ph_day,
            )
            for each in known
        ),
        next_at=page.next_at,
        origins=snapshot.origins(*_PRICED),
    )


def _difficulty(world: World, ask: Ask) -> DifficultySeriesDocument:
    snapshot = world.archive.as_of(ask.at)
    blocks = snapshot.blocks
    interval = blocks.network.retarget_interval
    count = blocks.tip_height // interval - (max(blocks.first_height, interval) - 1) // interval
    return DifficultySeriesDocument(
        as_of=snapshot.as_of,
        rows=adjustments(blocks, count=count),
        origins=snapshot.origins(*_CHAIN),
    )


def _power(world: World, ask: AskWindow) -> PowerSeriesDocument:
    window = window_of(ask, days=_POWER_DAYS)
    snapshot = world.archive.as_of(ask.at)
    frame = prices_within(snapshot, world.site, window)
    if frame.height > MOST_ROWS:
        raise InputError(
            f"an answer holds {MOST_ROWS:,} rows at most", rows=frame.height, hint="ask piece by piece"
        )
    table = spot_table(world.site)
    return PowerSeriesDocument(
        as_of=snapshot.as_of,
        site=world.site.name,
        start_at=window.start_at,
        end_at=window.end_at,
        rows=tuple(
            PowerRow(start_at=start, hours=hours, price_usd_per_mwh=price)
            for start, hours, price in frame.select("start", "hours", "price_usd_per_mwh").iter_rows()
        ),
        origins=snapshot.origins(table) if table else (),
    )


def _next(ask: AskGrid) -> str | None:
    return next_cursor(ask, days=_DAYS)


SERIES_QUESTIONS = (
    Question(
        name="hashrate-series",
        summary="The hashrate's history: a moving window with its exact interval at each instant.",
        ask=AskHashrateSeries,
        document=HashrateSeriesDocument,
        answer=_hashrate,
        row=HashrateRow,
        listed=attrgetter("rows"),
        place="series/hashrate",
        next_cursor=_next,
    ),
    Question(
        name="hashprice-series",
        summary="The history of hashprice, each row as it was known at its own instant.",
        ask=AskGrid,
        document=HashpriceSeriesDocument,
        answer=_hashprice,
        row=HashpriceRow,
        listed=attrgetter("rows"),
        place="series/hashprice",
        next_cursor=_next,
    ),
    Question(
        name="difficulty-series",
        summary="Every adjustment of the difficulty that is known, with its significance.",
        ask=Ask,
        document=DifficultySeriesDocument,
        answer=_difficulty,
        row=Adjustment,
        listed=attrgetter("rows"),
        place="series/difficulty",
    ),
    Question(
        name="power-series",
        summary="The site's settled power prices.",
        ask=AskWindow,
        document=PowerSeriesDocument,
        answer=_power,
        row=PowerRow,
        listed=attrgetter("rows"),
        place="series/power",
    ),
)
