from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wattshift.clock import parse_instant
from wattshift.measures.attribution import HashpriceAttribution, attribute
from wattshift.measures.blocks import BlockHistory
from wattshift.measures.fees import FeeBasis, FeeEstimate, fees_per_block
from wattshift.measures.hashprice import Hashprice, hashprice, hashprice_btc_per_ph_day
from wattshift.measures.prices import PriceQuote, last_close

NOON = datetime(2026, 1, 19, 12, tzinfo=UTC)


def priced(subsidy_btc: float, fee_btc: float, difficulty: float, price_usd_per_btc: float) -> Hashprice:
    """A hashprice from its four factors, without uncertainty."""
    in_btc = hashprice_btc_per_ph_day(reward_btc=subsidy_btc + fee_btc, difficulty=difficulty)
    fees = FeeEstimate(
        basis=FeeBasis.MEASURED,
        mean_btc=fee_btc,
        low_btc=fee_btc,
        high_btc=fee_btc,
        blocks=144,
        newest_height=900_000,
        newest_at=NOON,
        missing_blocks=0,
    )
    price = PriceQuote(
        as_of=NOON,
        close_at=NOON,
        price_usd_per_btc=price_usd_per_btc,
        low_usd_per_btc=price_usd_per_btc,
        high_usd_per_btc=price_usd_per_btc,
        age_s=0.0,
        daily_sd_frac=0.02,
    )
    in_usd = in_btc * price_usd_per_btc
    return Hashprice(
        as_of=NOON,
        usd_per_ph_day=in_usd,
        low_usd_per_ph_day=in_usd,
        high_usd_per_ph_day=in_usd,
        level=0.95,
        btc_per_ph_day=in_btc,
        difficulty=difficulty,
        subsidy_btc=subsidy_btc,
        fees=fees,
        price=price,
    )


def parts(found: HashpriceAttribution) -> tuple[float, float, float, float]:
    return found.difficulty_frac, found.subsidy_frac, found.fees_frac, found.price_frac


PRICED = st.builds(
    priced,
    st.sampled_from([50.0, 12.5, 6.25, 3.125]),
    st.floats(0, 20),
    st.floats(1e6, 1e15),
    st.floats(10, 1e6),
)
BASE = priced(3.125, 0.05, 146e12, 90_000)


def test_difficulty_helped_by_1_2_points_over_the_turn_of_the_year(
    history: BlockHistory, fee_frame: pl.DataFrame, daily_frame: pl.DataFrame
) -> None:
    ends = []
    for text in ("2025-12-19T23:59Z", "2026-01-19T12:00Z"):
        known = history.known_at(parse_instant(text))
        ends.append(hashprice(known, fees_per_block(known, fee_frame), last_close(daily_frame, known.as_of)))
    found = attribute(*ends)
    assert 100 * found.difficulty_frac == pytest.approx(1.2, abs=0.05)
    assert found.subsidy_frac == 0
    assert found.change_frac == pytest.approx(ends[1].usd_per_ph_day / ends[0].usd_per_ph_day - 1)
    assert sum(parts(found)) == pytest.approx(found.change_frac, rel=1e-12)


def test_difficulty_helps_as_much_between_the_figures_of_the_press() -> None:
    """From 37.15 to 40 USD/PH/day: +1.2 points of difficulty, +6.4 of price and fees."""
    before = priced(3.125, 0.02, 148.2e12, 80_000)
    before = replace(before, usd_per_ph_day=37.15)
    fall = math.log(40 / 37.15) - 0.0117
    after = priced(3.125, 0.02, 148.2e12 * math.exp(-0.0117), 80_000 * math.exp(fall))
    after = replace(after, usd_per_ph_day=40.0)
    found = attribute(before, after)
    assert 100 * found.difficulty_frac == pytest.approx(1.2, abs=0.05)
    assert 100 * (found.price_frac + found.fees_frac) == pytest.approx(6.4, abs=0.1)


@given(PRICED, PRICED)
def test_the_parts_add_up_to_the_change(before: Hashprice, after: Hashprice) -> None:
    found = attribute(before, after)
    assert found.change_frac == pytest.approx(
        after.usd_per_ph_day / before.usd_per_ph_day - 1, rel=1e-9, abs=1e-12
    )
    scale = max(map(abs, parts(found)))
    assert math.fsum(parts(found)) == pytest.approx(found.change_frac, rel=1e-9, abs=1e-9 * scale + 1e-15)


@settings(max_examples=50)
@given(PRICED, PRICED)
def test_the_way_back_undoes_the_way_there(before: Hashprice, after: Hashprice) -> None:
    """The log shares change sign and nothing else, so no order of substitution is preferred."""
    forth, back = attribute(before, after), attribute(after, before)
    assume(abs(forth.change_frac) > 1e-6)
    shares = [part / forth.change_frac for part in parts(forth)]
    assert [part / back.change_frac for part in parts(back)] == pytest.approx(shares, rel=1e-6, abs=1e-9)
    assert (1 + forth.change_frac) * (1 + back.change_frac) == pytest.approx(1, rel=1e-4)


@given(PRICED, st.floats(0.5, 2))
def test_what_did_not_move_contributes_nothing(before: Hashprice, factor: float) -> None:
    subsidy, fee = before.subsidy_btc, before.fees.mean_btc
    dearer = priced(subsidy, fee, before.difficulty, before.price.price_usd_per_btc * factor)
    harder = priced(subsidy, fee, before.difficulty * factor, before.price.price_usd_per_btc)
    assert parts(attribute(before, dearer)) == pytest.approx((0, 0, 0, factor - 1), abs=1e-9)
    assert parts(attribute(before, harder)) == pytest.approx((1 / factor - 1, 0, 0, 0), abs=1e-9)


def test_a_halving_is_split_from_the_fees_that_rise_with_it() -> None:
    before, after = priced(6.25, 0.5, 8e13, 64_000), priced(3.125, 2.5, 8e13, 64_000)
    found = attribute(before, after)
    assert found.subsidy_frac < 0 < found.fees_frac
    assert found.subsidy_frac / found.fees_frac == pytest.approx(-3.125 / 2.0)
    assert found.subsidy_frac + found.fees_frac == pytest.approx(5.625 / 6.75 - 1)
    assert found.difficulty_frac == found.price_frac == 0


def test_no_change_has_no_parts() -> None:
    assert parts(attribute(BASE, BASE)) == (0, 0, 0, 0)
    assert attribute(BASE, BASE).change_frac == 0


def test_parts_that_cancel_are_still_told() -> None:
    after = priced(3.125, 0.05, 146e12 * 1.25, 90_000 * 1.25)
    found = attribute(BASE, after)
    assert found.change_frac == pytest.approx(0, abs=1e-12)
    assert found.price_frac == pytest.approx(math.log(1.25))
    assert found.difficulty_frac == pytest.approx(-math.log(1.25))
