from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.measures.attribution import HashpriceAttribution
from wattshift.report import words
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.site import AccountRow

MINUS = "\N{MINUS SIGN}"
ACCOUNT = AccountRow(
    rule="merit order",
    what="best use",
    revenue_usd=30.0,
    power_usd=10.0,
    profit_usd=20.0,
    energy_mwh=5.0,
    mining_frac=0.5,
    versus_plan_usd=0.0,
)


@pytest.mark.parametrize(
    ("value_frac", "digits", "signed", "text"),
    [
        (-0.0437, 1, True, f"{MINUS}4.4 %"),
        (0.0437, 2, True, "+4.37 %"),
        (0.5, 0, False, "50 %"),
        (-0.5, 0, False, f"{MINUS}50 %"),
    ],
)
def test_percent(value_frac: float, digits: int, signed: bool, text: str) -> None:
    assert words.percent(value_frac, digits=digits, signed=signed) == text


@pytest.mark.parametrize(
    ("luck_prob", "text"),
    [
        (0.0, "more than luck"),
        (0.0099, "more than luck"),
        (0.01, "hardly luck"),
        (0.0499, "hardly luck"),
        (0.05, "within luck"),
        (1.0, "within luck"),
    ],
)
def test_luck(luck_prob: float, text: str) -> None:
    assert words.luck_in_words(luck_prob) == text


@pytest.mark.parametrize(
    ("length_s", "text"),
    [(0, "0 min"), (5_400, "90 min"), (7_200, "2 h"), (172_799, "48 h"), (172_800, "2 days")],
)
def test_durations(length_s: float, text: str) -> None:
    assert words.duration_in_words(length_s) == text


def test_ages() -> None:
    assert words.age_in_words(None) == "undated"
    assert words.age_in_words(-60.0) == "0 min old"
    assert words.age_in_words(86_400.0) == "24 h old"


def test_a_change_says_direction_interval_and_luck(document: BriefDocument) -> None:
    change = replace(
        document.hashrate.change, change_frac=-0.0923, low_frac=-0.146, high_frac=-0.034, luck_prob=0.0021
    )
    assert words.change_in_words(change) == (
        f"down 9.2 % ({MINUS}14.6 % to {MINUS}3.4 %), more than luck: unchanged hashrate moves the estimate"
        " this far 0.21 % of the time"
    )
    assert words.change_in_words(replace(change, change_frac=0.01)).startswith("up 1.0 %")


def test_a_peak_tells_its_bias(document: BriefDocument) -> None:
    peak = document.hashrate.peak
    assert peak is not None
    peak = replace(peak, drop_frac=0.128, at=datetime(2025, 10, 31, tzinfo=UTC))
    told = words.peak_in_words(peak, document.hashrate.posterior)
    assert "highest mean of 7 days in the last 90 days, on 2025-10-31: now 12.8 % below it" in told
    assert "of which luck alone brings 7." in told
    assert "luck" not in words.peak_in_words(peak, None)


def test_attribution_names_the_largest_part_first_and_leaves_out_nothings() -> None:
    attribution = HashpriceAttribution(
        change_frac=-0.013, difficulty_frac=0.033, subsidy_frac=0.0, fees_frac=0.0004, price_frac=-0.0464
    )
    told = words.attribution_in_words(attribution)
    assert told == f"{MINUS}1.3 %: price {MINUS}4.6 %, difficulty +3.3 %"
    still = replace(attribution, change_frac=0.0, difficulty_frac=0.0, price_frac=0.0)
    assert words.attribution_in_words(still).endswith("nothing moved")


def test_a_projection_without_interval_names_none(document: BriefDocument) -> None:
    assert " to " not in words.projection_in_words(document.difficulty.mempool)
    assert " to " in words.projection_in_words(document.difficulty.pooled)


def test_ranking() -> None:
    assert words.ranking_in_words(["grid", "a"], 50.0) == (
        "no use pays for power at 50.0 USD/MWh delivered: leave it to the grid"
    )
    assert words.ranking_in_words(["a", "b", "grid", "c"], 50.0) == (
        "power at 50.0 USD/MWh delivered is worth taking for a, then b; not worth it: c"
    )
    assert f"at {MINUS}24.4 USD/MWh" in words.ranking_in_words(["a", "grid"], -24.4)


def test_a_block_tells_what_its_use_costs() -> None:
    assert words.block_in_words(40.0, 104.5, ["a", "b"], resale=True, above=["a"]) == (
        "within the block of 40 MW a MWh costs 104.5 USD to use (resale forgone, and charges):"
        " worth taking for a, then b"
    )
    same = words.block_in_words(40.0, -4.5, ["b", "a"], resale=True, above=["a", "b"])
    assert f"costs {MINUS}4.5 USD" in same
    assert same.endswith("the same uses pay that")
    told = words.block_in_words(20.0, 5.0, [], resale=False, above=[])
    assert told.endswith("(charges alone: it cannot be sold back): no use pays that")


def test_counts_agree_with_their_nouns() -> None:
    assert [words.counted(count, "block") for count in (0, 1, 1483)] == [
        "0 blocks",
        "1 block",
        "1,483 blocks",
    ]


@pytest.mark.parametrize(("floor", "told"), [(28.84, "28.8"), (0.0, "never"), (-20.8, "never")])
def test_a_machine_never_stops_earning_where_power_costs_nothing(floor: float, told: str) -> None:
    assert words.hashprice_floor(floor) == told


@pytest.mark.parametrize(
    ("z", "verdict"), [(-1.9, "within luck"), (2.2, "hardly luck"), (-2.6, "more than luck")]
)
def test_an_adjustment_is_judged_as_a_change_of_hashrate_is(
    document: BriefDocument, z: float, verdict: str
) -> None:
    assert words.adjustment_verdict(replace(document.difficulty.adjustments[-1], z=z)) == verdict


@pytest.mark.parametrize(
    ("versus_plan_usd", "told"),
    [
        (-4266.4, "4,266 USD more than always mine"),
        (7.0, "7 USD less than always mine"),
        (0.0, "as much as always mine"),
        (1e-9, "as much as always mine"),
    ],
)
def test_accounts_never_gain_minus_nothing(versus_plan_usd: float, told: str) -> None:
    other = replace(ACCOUNT, rule="always mine", versus_plan_usd=versus_plan_usd)
    assert words.accounts_in_words([ACCOUNT, other]) == f"the plan earns 20 USD: {told}"


def test_a_plan_alone_is_compared_with_nothing() -> None:
    assert words.accounts_in_words([ACCOUNT]) == "the plan earns 20 USD"


@given(st.floats(0, 1e9))
def test_durations_hold_one_number_and_one_unit(length_s: float) -> None:
    figure, unit = words.duration_in_words(length_s).split(" ")
    assert float(figure.replace(",", "")) >= 0
    assert unit in {"min", "h", "days"}
