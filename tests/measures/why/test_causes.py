from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.measures.why.causes import PRIORS, Cause, Reading, read_cause
from wattshift.measures.why.clues import Clues, GridClue, MarginClue, MixClue, PoolClue, ZoneClue
from wattshift.measures.why.gridstress import ZoneExposure
from wattshift.measures.why.move import Level, Move

AT = datetime(2025, 1, 1, tzinfo=UTC)
FALLS = {Cause.LUCK, Cause.CURTAILMENT, Cause.PRICE_EXIT, Cause.BAN, Cause.CONVERSION}


def level(ehs: float, *, days: float = 1) -> Level:
    return Level(start_at=AT, end_at=AT + timedelta(days=days), blocks=144, mean_ehs=ehs)


def move(
    change: float = -0.2,
    *,
    luck: float = 1e-6,
    back: float | None = None,
    back_sd: float = 0.2,
    fall_days: float | None = None,
    window_days: float = 14,
) -> Move:
    return Move(
        before=level(1000.0),
        inside=level(1000.0 * (1 + change / 2), days=window_days),
        extreme=level(1000.0 * (1 + change)),
        after=None,
        change_frac=change,
        sd_frac=0.04,
        z=change / 0.04,
        luck_prob=luck,
        returned_frac=back,
        returned_sd_frac=None if back is None else back_sd,
        fall_days=fall_days,
    )


def grid(stress: float) -> GridClue:
    return GridClue(stress_frac=stress, usual_frac=0.15, peak_usd_per_mwh=900.0, worth_usd_per_mwh=80.0)


def zone(change: float) -> ZoneClue:
    past = ZoneExposure(name="west", response_frac=-0.2, sd_frac=0.09, stressed_hours=2000)
    return ZoneClue(zone="west", change_frac=change, past=past)


def pools(slope: float) -> PoolClue:
    return PoolClue(slope_ratio=slope, sd_ratio=0.7, exposed=("a", "b", "c"), stressed_hours=2000)


def margin(before: float, now: float) -> MarginClue:
    return MarginClue(before_frac=before, now_frac=now, before_usd_per_ph_day=100.0, now_usd_per_ph_day=50.0)


STORM = Clues(
    move=move(back=1.0, fall_days=1.0),
    storm_prob=0.9,
    grid=grid(1.0),
    pools=pools(1.5),
    zone=zone(-0.3),
    mix=MixClue(moved_frac=0.02),
    margin=margin(0.1, 0.1),
)
QUIET = Clues(
    move=move(-0.07, luck=0.6, back=1.0, back_sd=0.6),
    storm_prob=0.1,
    grid=grid(0.1),
    pools=pools(0.0),
    zone=zone(0.0),
    mix=MixClue(moved_frac=0.01),
    margin=margin(0.05, 0.05),
)
BAN = Clues(
    move=move(-0.5, luck=1e-12, back=0.2, fall_days=12.0),
    storm_prob=0.95,
    grid=grid(0.1),
    mix=MixClue(moved_frac=0.1),
    margin=margin(0.0, 0.0),
)
SQUEEZE = Clues(
    move=move(-0.15, luck=1e-3, back=0.5, fall_days=5.0),
    storm_prob=0.5,
    grid=grid(0.1),
    pools=pools(0.0),
    zone=zone(0.0),
    mix=MixClue(moved_frac=0.02),
    margin=margin(0.01, 0.14),
)
DRAIN = Clues(
    move=move(-0.09, luck=1e-4, back=0.0, back_sd=0.3, fall_days=30.0, window_days=90),
    storm_prob=0.4,
    grid=grid(0.1),
    pools=pools(0.5),
    zone=zone(0.0),
    mix=MixClue(moved_frac=0.02),
    margin=margin(0.10, 0.12),
)


@pytest.mark.parametrize(
    ("clues", "cause", "least"),
    [
        (STORM, Cause.CURTAILMENT, 0.9),
        (QUIET, Cause.LUCK, 0.9),
        (BAN, Cause.BAN, 0.8),
        (SQUEEZE, Cause.PRICE_EXIT, 0.8),
        (DRAIN, Cause.CONVERSION, 0.5),
    ],
)
def test_each_cause_is_known_by_its_own_signs(clues: Clues, cause: Cause, least: float) -> None:
    reading = read_cause(clues)
    assert reading.leading is cause
    assert reading.prob(cause) > least


CLUES = st.builds(
    Clues,
    move=st.builds(
        move,
        st.floats(-0.9, 0.9).filter(lambda change: change != 0),
        luck=st.floats(0, 1),
        back=st.none() | st.floats(-5, 5),
        back_sd=st.floats(0.05, 3),
        fall_days=st.none() | st.floats(0.1, 90),
    ),
    storm_prob=st.none() | st.floats(0, 1),
    grid=st.none() | st.builds(grid, st.floats(0, 1)),
    pools=st.none() | st.builds(pools, st.floats(-20, 20)),
    zone=st.none() | st.builds(zone, st.floats(-2, 2)),
    mix=st.none() | st.builds(MixClue, moved_frac=st.floats(0, 1)),
    margin=st.none() | st.builds(margin, st.floats(0, 1), st.floats(0, 1)),
)


@given(CLUES)
def test_probabilities_are_probabilities(clues: Clues) -> None:
    reading = read_cause(clues)
    assert sum(reading.cause_prob) == pytest.approx(1)
    assert min(reading.cause_prob) > 0
    assert max(reading.cause_prob) < 1
    assert reading.prob(reading.leading) == max(reading.cause_prob)
    assert reading.thin == bool(reading.reasons)
    expected = FALLS if clues.move.change_frac < 0 else {Cause.LUCK, Cause.GROWTH}
    assert set(reading.causes) == expected
    for piece in reading.evidence:
        assert len(piece.ln_likelihood) == len(reading.causes)
        assert max(piece.ln_likelihood) == 0


@given(CLUES)
def test_an_unknown_clue_leaves_the_odds_as_they_are(clues: Clues) -> None:
    for piece in read_cause(clues).evidence:
        assert piece.known or set(piece.ln_likelihood) == {0.0}


def odds(reading: Reading, cause: Cause) -> float:
    return reading.prob(cause) / (1 - reading.prob(cause))


@given(st.floats(1e-12, 1), st.floats(1e-12, 1))
def test_a_move_that_luck_makes_more_easily_reads_more_like_luck(one: float, other: float) -> None:
    low, high = sorted((one, other))
    rare, common = (
        read_cause(replace(QUIET, move=replace(QUIET.move, luck_prob=luck))) for luck in (low, high)
    )
    assert rare.prob(Cause.LUCK) <= common.prob(Cause.LUCK) + 1e-12


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_stress_speaks_for_curtailment(one: float, other: float) -> None:
    low, high = sorted((one, other))
    calm, dear = (read_cause(replace(SQUEEZE, grid=grid(stress))) for stress in (low, high))
    assert calm.prob(Cause.CURTAILMENT) <= dear.prob(Cause.CURTAILMENT) + 1e-12


@given(st.floats(0, 0.5), st.floats(0, 0.5))
def test_more_machines_under_water_speak_for_an_exit(one: float, other: float) -> None:
    low, high = sorted((one, other))
    afloat, drowned = (read_cause(replace(SQUEEZE, margin=margin(0.0, now))) for now in (low, high))
    assert afloat.prob(Cause.PRICE_EXIT) <= drowned.prob(Cause.PRICE_EXIT) + 1e-12


def test_nobody_exits_over_a_price_who_earns() -> None:
    assert read_cause(replace(SQUEEZE, margin=margin(0.0, 0.0))).prob(Cause.PRICE_EXIT) < 0.25


def test_no_conversion_cuts_deep_within_a_week() -> None:
    week, quarter = (
        read_cause(
            replace(DRAIN, move=replace(DRAIN.move, inside=level(950.0, days=days), change_frac=-0.15))
        )
        for days in (7, 90)
    )
    assert week.prob(Cause.CONVERSION) < quarter.prob(Cause.CONVERSION) / 2


def test_calm_power_here_does_not_rule_out_curtailment_elsewhere() -> None:
    unknown = replace(STORM, grid=None, zone=None, pools=None)
    calm = replace(STORM, grid=grid(0.0), zone=zone(0.0), pools=pools(0.0))
    drop = odds(read_cause(unknown), Cause.CURTAILMENT) / odds(read_cause(calm), Cause.CURTAILMENT)
    assert 1 < drop <= 4**3


def test_thin_evidence_is_called_thin() -> None:
    weak = replace(STORM, move=move(-0.1, luck=0.8), zone=None, pools=None, storm_prob=0.2)
    reading = read_cause(weak)
    assert reading.leading is Cause.CURTAILMENT
    assert "luck alone could make a move of this size" in reading.reasons
    assert any(reason.startswith("not known: ") for reason in reading.reasons)
    assert not read_cause(STORM).thin
    assert not read_cause(QUIET).thin


def test_a_rise_is_luck_or_growth() -> None:
    small, large = (read_cause(Clues(move=move(0.2, luck=luck))) for luck in (0.5, 1e-6))
    assert (small.leading, large.leading) == (Cause.LUCK, Cause.GROWTH)


def test_priors_of_a_fall_and_of_a_rise_add_up() -> None:
    assert sum(PRIORS[cause] for cause in FALLS) == pytest.approx(1)
    assert PRIORS[Cause.LUCK] + PRIORS[Cause.GROWTH] == pytest.approx(1)


def test_arguments_name_the_clues_for_and_against() -> None:
    speaks_for, speaks_against = read_cause(STORM).arguments(Cause.CURTAILMENT)
    assert {"size", "power price", "load", "pools"} <= set(speaks_for)
    assert speaks_against == ()
    assert {"power price", "load", "pools"} <= set(read_cause(STORM).arguments(Cause.LUCK)[1])
