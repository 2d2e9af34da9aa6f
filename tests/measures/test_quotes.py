from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattshift import tables
from wattshift.errors import InputError
from wattshift.measures.quotes import (
    AcceptedPrice,
    Agreement,
    Consensus,
    QuoteRules,
    VenueCloses,
    Verdict,
    consensus,
    median_closes,
)
from wattshift.provenance import FetchOrigin
from wattshift.store.bundled import BundledStore

NOW = datetime(2026, 1, 19, 12, tzinfo=UTC)
POLL = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True)
class Said:
    """A quote."""

    price_usd_per_btc: float
    traded_at: datetime | None
    origin: FetchOrigin


def said(
    price: float, upstream: str, *, now: datetime = NOW, age_s: float | None = 5.0, name: str = ""
) -> Said:
    origin = FetchOrigin(source=name or upstream, upstream=upstream, url="", fetched_at=now, sha256="")
    traded_at = None if age_s is None else now - timedelta(seconds=age_s)
    return Said(price_usd_per_btc=price, traded_at=traded_at, origin=origin)


def poll(*prices: float, last: AcceptedPrice | None = None, now: datetime = NOW) -> Consensus:
    """What as many venues say, each of an owner of its own."""
    quotes = [said(price, f"venue {number}", now=now) for number, price in enumerate(prices)]
    return consensus(quotes, last=last, now=now)


def accepted(price: float, age: timedelta = POLL) -> AcceptedPrice:
    return AcceptedPrice(price_usd_per_btc=price, accepted_at=NOW - age)


def verdicts(found: Consensus) -> list[str]:
    return [each.verdict.value for each in found.judged]


def test_the_median_of_venues_that_agree() -> None:
    found = poll(64_500, 64_520, 64_490, 64_510)
    assert found.agreement is Agreement.FULL
    assert (found.price_usd_per_btc, found.n_upstreams, found.reason) == (64_505, 4, "")
    assert (found.low_usd_per_btc, found.high_usd_per_btc) == (64_490, 64_520)
    assert verdicts(found) == ["used"] * 4
    assert found.last == AcceptedPrice(price_usd_per_btc=64_505, accepted_at=NOW)


def test_three_names_with_one_upstream_are_one_witness() -> None:
    quotes = [said(64_500 + n, "one", name=f"name {n}", age_s=9.0 - n) for n in range(3)]
    found = consensus(quotes, last=None, now=NOW)
    assert (found.agreement, found.n_upstreams) == (Agreement.THIN, 1)
    assert verdicts(found) == ["duplicate_upstream", "duplicate_upstream", "used"]
    assert "only 1 of 3" in found.reason
    mixed = [*quotes, said(50_000, "two"), said(50_010, "three")]
    outvoted = consensus(mixed, last=None, now=NOW)
    assert verdicts(outvoted)[2:] == ["outlier", "used", "used"]
    assert outvoted.agreement is Agreement.THIN


def test_old_and_future_trades_say_nothing_of_now() -> None:
    quotes = [
        said(64_500, "a"),
        said(64_510, "b", age_s=None),
        said(64_505, "c", age_s=599),
        said(60_000, "d", age_s=601),
        said(90_000, "e", age_s=-61),
        said(64_507, "f", age_s=-59),
        said(70_000, "g", age_s=None, now=NOW - timedelta(seconds=601)),
    ]
    found = consensus(quotes, last=None, now=NOW)
    assert verdicts(found) == ["used", "used", "used", "stale", "future", "used", "stale"]
    assert (found.agreement, found.n_upstreams) == (Agreement.FULL, 4)
    assert (found.low_usd_per_btc, found.high_usd_per_btc) == (64_500, 64_510)


def test_nobody_and_discord_are_no_price() -> None:
    nobody = consensus([], last=accepted(64_000), now=NOW)
    discord = poll(10_000, 20_000, 40_000, 80_000, last=accepted(20_000))
    halves = poll(64_500, 64_510, 129_000, 129_010)
    for found, reason in ((nobody, "no venue"), (discord, "disagree"), (halves, "disagree")):
        assert found.agreement is Agreement.NONE
        assert reason in found.reason
        assert (found.price_usd_per_btc, found.low_usd_per_btc, found.high_usd_per_btc) == (None,) * 3
    assert nobody.last == accepted(64_000)


@pytest.mark.parametrize("factor", [0.92, 1 / 0.92, 1.17, 0.79, 150.0, 1_400.0, 100.0, 1e-3, 1e-8])
def test_a_venue_in_another_currency_or_unit_is_an_outlier(factor: float) -> None:
    found = poll(64_500, 64_520, 64_490 * factor, 64_510, 64_530)
    assert verdicts(found) == ["used", "used", "outlier", "used", "used"]
    assert found.price_usd_per_btc == 64_515


def test_ten_thousand_glitches_of_one_or_two_in_five_never_move_it() -> None:
    rng = np.random.default_rng(98)
    price, last = 64_500.0, accepted(64_500)
    for number in range(10_000):
        now = NOW + POLL * number
        price *= math.exp(rng.normal(0, 0.001))
        told = price * np.exp(rng.uniform(-0.005, 0.005, 5))
        spoiled = rng.permutation(5)[: rng.integers(1, 3)]
        honest = np.delete(told, spoiled)
        factor = 10 ** rng.uniform(-3, 7)
        told[spoiled] *= factor if rng.random() < 0.5 else 10 ** rng.uniform(-3, 7, len(spoiled))
        found = poll(*told.tolist(), last=last, now=now)
        assert found.agreement is Agreement.FULL
        assert found.price_usd_per_btc is not None
        assert honest.min() <= found.price_usd_per_btc <= honest.max()
        assert found.last is not None
        last = found.last


@settings(max_examples=300)
@given(
    honest=st.lists(st.floats(0.0, 0.0099), min_size=3, max_size=6),
    lies=st.lists(st.floats(-30.0, 30.0), max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_a_strict_majority_of_true_prices_bounds_the_result(
    honest: list[float], lies: list[float], order: object
) -> None:
    true = [64_500 * math.exp(each) for each in honest]
    told = [*true, *(64_500 * math.exp(each) for each in lies[: len(honest) - 1])]
    assert hasattr(order, "shuffle")
    order.shuffle(told)
    found = poll(*told)
    assert found.agreement is Agreement.FULL
    assert found.price_usd_per_btc is not None
    assert min(true) * (1 - 1e-12) <= found.price_usd_per_btc <= max(true) * (1 + 1e-12)


@pytest.mark.parametrize("factor", [0.7, 0.5, 1.4])
def test_a_true_crash_that_all_see_is_accepted_at_the_third_poll(factor: float) -> None:
    last: AcceptedPrice | None = accepted(100_000)
    steps = []
    for number in range(4):
        level = 100_000 * factor * (1 + 0.002 * number)
        found = poll(level * 0.99, level, level * 1.01, last=last, now=NOW + POLL * number)
        steps.append(found.agreement)
        last = found.last
        if found.agreement is Agreement.HELD:
            assert found.price_usd_per_btc is None
            assert "too far from the 100,000.00" in found.reason
            assert last is not None
            assert last.price_usd_per_btc == 100_000
    assert steps == [Agreement.HELD, Agreement.HELD, Agreement.FULL, Agreement.FULL]


def test_a_fault_common_to_all_for_two_polls_moves_nothing() -> None:
    last: AcceptedPrice | None = accepted(64_500)
    for number, level in enumerate((640, 640, 64_510, 640, 640, 64_520)):
        found = poll(level, level, level, last=last, now=NOW + POLL * number)
        assert (found.agreement is Agreement.FULL) == (level > 64_000)
        assert found.price_usd_per_btc in {None, 64_510, 64_520}
        last = found.last


def test_too_few_are_labelled_and_never_move_the_level() -> None:
    near = poll(64_600, 64_610, last=accepted(64_500))
    assert (near.agreement, near.price_usd_per_btc, near.n_upstreams) == (Agreement.THIN, 64_605, 2)
    assert near.last == accepted(64_500)
    last: AcceptedPrice | None = accepted(64_500)
    for number in range(10):
        far = poll(45_000, 45_010, last=last, now=NOW + POLL * number)
        assert (far.agreement, far.price_usd_per_btc) == (Agreement.NONE, None)
        assert "another level" in far.reason
        last = far.last
    assert last == accepted(64_500)


def test_what_is_believed_at_first_sight_widens_with_the_time_since() -> None:
    def agreement(change_frac: float, age: timedelta) -> Agreement:
        level = 64_500 * (1 + change_frac)
        return poll(level, level, level, last=accepted(64_500, age)).agreement

    assert agreement(0.029, POLL) is Agreement.FULL
    assert agreement(0.031, POLL) is Agreement.HELD
    assert agreement(0.15, timedelta(hours=1)) is Agreement.HELD
    assert agreement(0.15, timedelta(days=1)) is Agreement.FULL
    assert agreement(0.30, timedelta(days=1)) is Agreement.HELD
    assert agreement(0.30, timedelta(days=4)) is Agreement.FULL
    assert agreement(0.15, timedelta(days=-1)) is Agreement.HELD


def test_a_replay_of_the_real_hours_always_has_a_price_after_three_polls(store: BundledStore) -> None:
    closes = store.read("btc_usd_hourly")["close_usd_per_btc"].to_list()
    rng = np.random.default_rng(7)
    last: AcceptedPrice | None = None
    held = 0
    for hour, close in enumerate(closes[:12_000]):
        for minute in range(3):
            now = NOW + timedelta(hours=hour, minutes=minute)
            found = poll(*(close * np.exp(rng.normal(0, 0.0005, 4))).tolist(), last=last, now=now)
            last = found.last
            if found.agreement is Agreement.FULL:
                break
            held += 1
        assert found.price_usd_per_btc == pytest.approx(close, rel=0.005)
    assert 0 < held < 0.01 * 12_000


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf, -math.inf])
def test_what_is_no_price_is_refused(price: float) -> None:
    with pytest.raises(InputError, match="positive number"):
        poll(64_500, 64_510, price)


def test_an_instant_needs_a_time_zone() -> None:
    with pytest.raises(InputError, match="time zone"):
        consensus([], last=None, now=NOW.replace(tzinfo=None))


def test_the_rules_can_be_others() -> None:
    rules = QuoteRules(min_upstreams=2, narrow_frac=0.2, wide_frac=0.2)
    found = consensus([said(60_000, "a"), said(66_000, "b")], last=None, now=NOW, rules=rules)
    assert (found.agreement, found.price_usd_per_btc) == (Agreement.FULL, 63_000)
    assert set(Verdict) >= {each.verdict for each in found.judged}


# Daily closes

CLOSE_COLUMNS = ("start", "hours", "close_usd_per_btc")
MIDNIGHT = datetime(2026, 1, 10, tzinfo=UTC)


def closes(source: str, *prices: float | None, upstream: str = "", hours: float = 24.0) -> VenueCloses:
    """Closes of successive days; None for a day that the venue does not know."""
    rows = [
        (MIDNIGHT + timedelta(days=day), hours, price)
        for day, price in enumerate(prices)
        if price is not None
    ]
    schema = {
        name: dtype for name, dtype in tables.table("btc_usd_daily").schema.items() if name in CLOSE_COLUMNS
    }
    return VenueCloses(
        source=source, upstream=upstream or source, closes=pl.DataFrame(rows, schema=schema, orient="row")
    )


def test_the_daily_close_is_the_median_of_the_venues() -> None:
    frame = median_closes([closes("c", 100.0, 200.0), closes("a", 100.5, 201.0), closes("b", 101.0, 199.0)])
    tables.check(frame, "btc_usd_daily", source="test")
    assert frame["close_usd_per_btc"].to_list() == [100.5, 200.0]
    assert frame["start"].to_list() == [MIDNIGHT, MIDNIGHT + timedelta(days=1)]
    assert frame["source"].to_list() == ["a+b+c"] * 2
    assert frame["close_kind"].unique().to_list() == ["median_of_venues"]


def test_a_day_that_fewer_than_three_upstreams_know_is_left_out() -> None:
    frame = median_closes(
        [
            closes("a", 100.0, None, 100.0, 100.0),
            closes("b", 100.0, 100.0, 100.0, 100.0),
            closes("c", 100.0, 100.0, None, 100.0),
            closes("d", None, None, 100.0, 150.0, upstream="b"),
        ]
    )
    assert frame["start"].to_list() == [MIDNIGHT, MIDNIGHT + timedelta(days=3)]
    assert frame["close_usd_per_btc"].to_list() == [100.0, 100.0]
    assert frame["source"].to_list() == ["a+b+c"] * 2


def test_a_wrong_close_is_outvoted_and_discord_is_a_gap() -> None:
    frame = median_closes(
        [
            closes("a", 100.0, 100.0, 100.0),
            closes("b", 101.0, 101.0, 101.0),
            closes("c", 99.0, 8_200.0, 99.5),
            closes("d", 1e9, 8_300.0, 100.5),
        ]
    )
    assert frame["start"].to_list() == [MIDNIGHT, MIDNIGHT + timedelta(days=2)]
    assert frame["close_usd_per_btc"].to_list() == [100.0, 100.25]
    assert frame["source"].to_list() == ["a+b+c", "a+b+c+d"]


def test_half_of_the_venues_are_no_majority() -> None:
    scattered = (50.0, 60.0, 100.0, 104.0, 104.5, 300.0)
    assert median_closes([closes(f"{price}", price) for price in scattered]).is_empty()
    assert median_closes([closes(f"{price}", price) for price in scattered[1:]]).height == 1
    assert poll(*scattered).agreement is Agreement.NONE
    assert poll(*scattered[1:]).agreement is Agreement.FULL


def test_no_venue_is_no_day() -> None:
    frame = median_closes([])
    assert frame.is_empty()
    tables.check(frame, "btc_usd_daily", source="test")


@pytest.mark.parametrize(
    "wrong",
    [
        closes("a", 0.0),
        closes("a", math.nan),
        closes("a", math.inf),
        closes("a", 100.0, hours=1.0),
        VenueCloses(
            source="a",
            upstream="a",
            closes=closes("a", 1.0).closes.with_columns(pl.col("start") + timedelta(hours=1)),
        ),
        VenueCloses(
            source="a", upstream="a", closes=closes("a", 1.0).closes.with_columns(close_usd_per_btc=None)
        ),
    ],
)
def test_a_row_that_is_no_daily_close_is_refused(wrong: VenueCloses) -> None:
    with pytest.raises(InputError, match="whole UTC day"):
        median_closes([wrong])
