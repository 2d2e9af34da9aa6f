"""Numbers in the styles of texts: separators, signs, ranges, scales, hedges, units."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.claims.quantities import quantities_of
from wattshift.claims.quantity import Hedge, Quantity
from wattshift.claims.text import read_text
from wattshift.claims.unit import Unit


def one(text: str) -> Quantity:
    found = quantities_of(read_text(text).plain)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("992 EH/s", "992", Unit.HASHRATE),
        ("992.3 exahashes per second", "992.3", Unit.HASHRATE),
        ("0.992 ZH/s", "992", Unit.HASHRATE),
        ("one zettahash", "1000", Unit.HASHRATE),
        ("1,155.2 EH/s", "1155.2", Unit.HASHRATE),
        ("1.155,2 EH/s", "1155.2", Unit.HASHRATE),
        ("1 155,2 EH/s", "1155.2", Unit.HASHRATE),
        ("1\u2019155 EH/s", "1155", Unit.HASHRATE),
        ("1\u00a0155 EH/s", "1155", Unit.HASHRATE),
        ("992,3 EH/s", "992.3", Unit.HASHRATE),
        ("1,000,000 PH/s", "1000", Unit.HASHRATE),
        ("\uff19\uff19\uff12 EH/s", "992", Unit.HASHRATE),
        ("$40/PH/day", "40", Unit.HASHPRICE),
        ("40 USD/PH/s/day", "40", Unit.HASHPRICE),
        ("$41.22 per petahash per second per day", "41.22", Unit.HASHPRICE),
        ("$0.041 per TH/s per day", "41", Unit.HASHPRICE),
        ("$45/MWh", "45", Unit.USD_PER_MWH),
        ("4.5\u00a2/kWh", "45", Unit.USD_PER_MWH),
        ("$0.045 per kilowatt-hour", "45", Unit.USD_PER_MWH),
        ("$57 per megawatt-hour", "57", Unit.USD_PER_MWH),
        ("$57 per megawatt", "57", Unit.USD_PER_MW),
        ("$1.2M per MW-year", "1200000", Unit.USD_PER_MW_YEAR),
        ("$4 per terahash", "4", Unit.USD_PER_TH),
        ("29.5 joules per terahash", "29.5", Unit.EFFICIENCY),
        ("18.9 GW", "18900", Unit.POWER),
        ("138 TWh", "138000000", Unit.ENERGY),
        ("US$9.7 billion", "9700000000", Unit.USD),
        ("$9.7bn", "9700000000", Unit.USD),
        ("$93.5k", "93500", Unit.USD),
        ("146.47T", "146470000000000", Unit.PLAIN),
        ("four times", "4", Unit.TIMES),
        ("third straight", "3", Unit.ORDINAL),
        ("10 minutes 21 seconds", "621", Unit.TIME),
        ("15-year", "473364000", Unit.TIME),
        ("15 %", "0.15", Unit.PERCENT),
        ("15 per cent", "0.15", Unit.PERCENT),
        ("block 931,392", "931392", Unit.HEIGHT),
        ("6 confirmations", "6", Unit.CONFIRMATIONS),
    ],
)
def test_a_number_and_its_unit(text: str, number: str, unit: Unit) -> None:
    found = one(text)
    assert (found.low, found.unit) == (Decimal(number), unit)
    assert found.end == len(read_text(text).plain)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("$57\u2013129 per megawatt-hour", "57", "129"),
        ("between $57 and $129 per MWh", "57", "129"),
        ("$57 to $129 per MWh", "57", "129"),
        ("5%-7%", "0.05", "0.07"),
        ("$1.2-2.3 million per MW-year", "1200000", "2300000"),
    ],
)
def test_ranges(text: str, low: str, high: str) -> None:
    found = one(text)
    assert (found.low, found.high) == (Decimal(low), Decimal(high))
    assert found.is_range


@pytest.mark.parametrize(
    "text", ["from 37.15 to $40 per PH/s per day", "by $2 to $40 per PH/s per day", "from 5% to 7%"]
)
def test_a_change_is_no_range(text: str) -> None:
    first, second = quantities_of(text)
    assert first.unit is second.unit
    assert not first.is_range
    assert not second.is_range


@pytest.mark.parametrize(
    ("text", "hedge"),
    [
        ("about 15%", Hedge.ABOUT),
        ("~15%", Hedge.ABOUT),
        ("roughly a 15%", Hedge.ABOUT),
        ("more than 15%", Hedge.ABOVE),
        ("under 15%", Hedge.BELOW),
        ("15%", Hedge.EXACT),
    ],
)
def test_hedges(text: str, hedge: Hedge) -> None:
    assert one(text).hedge is hedge


@pytest.mark.parametrize(
    ("text", "sign"), [("\u22124.34%", -1), ("+14.73%", 1), ("4.34%", 0), ("(-3%)", -1), ("pre-15%", 0)]
)
def test_signs(text: str, sign: int) -> None:
    assert one(text).sign == sign


@pytest.mark.parametrize(
    ("text", "step"), [("992", "1"), ("992.30", "0.01"), ("$9.7bn", "100000000"), ("4.34%", "0.0001")]
)
def test_the_printed_digits_say_how_it_was_rounded(text: str, step: str) -> None:
    assert one(text).step == Decimal(step)


def test_names_with_digits_are_no_numbers() -> None:
    assert quantities_of("S21 and BIP94 and v2.0") == []


def test_a_number_too_long_is_listed_but_not_read() -> None:
    assert one("1" * 40 + " EH/s").unit is Unit.TOO_LONG


def test_masked_digits_are_left_alone() -> None:
    assert [found.low for found in quantities_of("on Jan 19 992 EH/s", [(3, 9)])] == [Decimal(992)]


@given(st.integers(0, 10**12), st.sampled_from([",", "\u2009", "'"]))
def test_thousands_separators_change_nothing(number: int, separator: str) -> None:
    assert one(f"{number:,}".replace(",", separator) + " EH/s").low == number


@given(st.integers(1, 9_999), st.integers(0, 3))
def test_decimals_are_kept(number: int, places: int) -> None:
    value = Decimal(number).scaleb(-places)
    assert one(f"{value:f} %").low == value / 100


@given(st.text(alphabet="0123456789.,-$% MWEHTs/", max_size=60))
def test_spans_never_overlap_and_stay_inside(text: str) -> None:
    found = quantities_of(text)
    ends = [0]
    for quantity in found:
        assert ends[-1] <= quantity.start < quantity.number_end <= quantity.end <= len(text)
        ends.append(quantity.end)
