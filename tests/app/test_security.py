from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest

from wattshift.app.security import Backlog, SecurityAsk, security
from wattshift.app.securityplots import security_picture
from wattshift.app.securitystate import AttackGiven, security_state
from wattshift.app.snapshot import Archive
from wattshift.app.stress import pools
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.security.doublespend import double_spend_prob
from wattshift.report.documents.security import SecurityDocument
from wattshift.report.jsontext import json_schema, plain
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 19, 12, tzinfo=UTC)
NOTES = AttackGiven(machine_usd_per_th=4.0, efficiency_j_per_th=19.0, power_usd_per_mwh=50.0, idle_ehs=100.0)
"""The prices of this project's notes on security."""


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def document(archive: Archive) -> SecurityDocument:
    ask = SecurityAsk(
        value_usd=1e7,
        elapsed_s=7_200,
        backlogs=(
            Backlog(fee_sat_per_vb=2, ahead_vmb=4.5, inflow_vmb_per_s=0.001),
            Backlog(fee_sat_per_vb=20, ahead_vmb=0.2),
        ),
        attack=NOTES,
    )
    return security(archive, ask, at=AT)


def test_what_was_asked(document: SecurityDocument) -> None:
    assert document.asked.exact_prob == pytest.approx(0.000591, abs=1e-6)
    assert document.asked.nakamoto_prob == pytest.approx(0.000243, abs=1e-6)
    assert document.timed_prob is not None
    assert document.timed_prob > document.asked.exact_prob, "two hours are long for six blocks"
    assert document.low_timed_prob is not None
    assert document.high_timed_prob is not None
    assert document.low_timed_prob < document.timed_prob < document.high_timed_prob
    rows = {row.attacker_frac: row for row in document.needed}
    assert (rows[0.1].risk_confirmations, rows[0.1].nakamoto_confirmations) == (6, 5)
    needed = [rows[share].value_confirmations or 0 for share in (0.1, 0.3, 0.45)]
    assert 0 < needed[0] < needed[1] < needed[2]


def test_matching_the_hashrate_at_the_prices_of_the_notes(document: SecurityDocument) -> None:
    state = document.state
    assert state.hashrate_ehs == pytest.approx(992, abs=1)
    assert state.attack.machines_usd == pytest.approx(3.97e9, rel=1e-3)
    assert state.attack.power_mw == pytest.approx(18_900, rel=5e-3)
    assert state.attack.energy_usd == pytest.approx(0.94e6, rel=5e-3)
    bought, mixed, rented = document.ways
    assert (bought.rented_ehs, mixed.rented_ehs, rented.bought_ehs) == (0.0, 100.0, 0.0)
    assert bought.machines_usd > mixed.machines_usd > rented.machines_usd == 0.0
    assert len(document.surface) == 3 * 3 * 3 * 3


def test_intervals_hold_their_figures(document: SecurityDocument) -> None:
    state = document.state
    assert state.low_ehs < state.hashrate_ehs < state.high_ehs
    assert state.low_interval_s < state.mean_interval_s < state.high_interval_s
    assert state.low_slow_prob < state.slow_prob < state.high_slow_prob
    assert state.attack.low_power_mw < state.attack.power_mw < state.attack.high_power_mw
    assert state.attack.low_energy_usd < state.attack.energy_usd < state.attack.high_energy_usd
    assert state.pool is not None
    assert state.pool.low_prob < state.pool.success_prob < state.pool.high_prob
    assert state.pool.success_prob == double_spend_prob(state.pool.share_frac, 6)


def test_blocks_come_at_the_pace_of_the_hashrate(document: SecurityDocument, archive: Archive) -> None:
    state = document.state
    week = archive.as_of(AT).blocks
    blocks = sum(AT.timestamp() - 7 * 86_400 < time <= AT.timestamp() for time in week.header_time_s)
    # Difficulty stepped down once within the week, so the count is near, not equal.
    assert state.mean_interval_s == pytest.approx(7 * 86_400 / blocks, rel=0.02)
    present = [row for row in document.waits if row.mean_interval_s == state.mean_interval_s]
    assert [row.confirmations for row in present] == [1, 3, 6]
    assert present[-1].slow_prob == state.slow_prob


def test_waits_behind_a_backlog(document: SecurityDocument) -> None:
    assert [row.fee_sat_per_vb for row in document.fee_waits] == [20, 20, 20, 2, 2, 2]
    first = [row for row in document.fee_waits if row.confirmations == 1]
    assert first[0].median_s is not None
    assert first[1].median_s is not None
    assert first[0].median_s < first[1].median_s


def test_hidden_miners_are_those_of_the_pools(document: SecurityDocument, archive: Archive) -> None:
    assert document.state.hidden == pools(archive, AT).hidden


def test_a_stale_price_of_machines_is_told_with_its_age(archive: Archive) -> None:
    state = security_state(archive.as_of(AT))
    machine = state.attack.machine
    assert machine is not None
    assert (machine.usd_per_th, machine.published_on) == (20.0, date(2023, 7, 26))
    assert machine.age_days == 908
    told = security(archive, at=AT)
    assert "of machines" not in told.in_words
    assert told.origins[-1].name == "ASIC price points"
    assert "of machines" in security(archive, SecurityAsk(attack=NOTES), at=AT).in_words


def test_every_cost_says_what_it_rests_on_and_how_old_that_is(archive: Archive) -> None:
    stale = security(archive, at=AT)
    assert "published 2023-07-26, 908 days old" in stale.price_basis
    assert "no later price is kept" in stale.price_basis
    assert "Cambridge survey" in stale.price_basis
    given = security(archive, SecurityAsk(attack=NOTES), at=AT).price_basis
    assert given == "machines at 4 USD/TH as given; power at 50 USD/MWh (as given)"
    assert "--machine-price" in security(archive, at=datetime(2020, 6, 1, tzinfo=UTC)).price_basis


def test_before_any_price_of_machines_only_power_is_priced(archive: Archive) -> None:
    document = security(archive, at=datetime(2020, 6, 1, tzinfo=UTC))
    assert document.state.attack.machine is None
    assert (document.ways, document.surface) == ((), ())
    assert document.state.attack.energy_usd > 0


def test_idle_machines_are_the_fall_from_the_best_week(archive: Archive) -> None:
    storm = security_state(archive.as_of(datetime(2026, 1, 28, tzinfo=UTC)))
    calm = security_state(archive.as_of(AT))
    assert storm.attack.idle_ehs > calm.attack.idle_ehs > 0
    assert "luck" in calm.attack.idle_basis
    assert security_state(archive.as_of(AT), NOTES).attack.idle_basis == "as given"


def test_a_negative_price_of_power_keeps_its_interval_in_order(archive: Archive) -> None:
    attack = security_state(archive.as_of(AT), AttackGiven(power_usd_per_mwh=-20.0)).attack
    assert attack.low_energy_usd < attack.energy_usd < attack.high_energy_usd < 0


def test_in_equilibrium_energy_stays_below_the_reward(document: SecurityDocument) -> None:
    assert 0.3 < document.energy_over_reward_ratio < 1
    assert [race.length_blocks for race in document.races] == sorted(
        (race.length_blocks for race in document.races), reverse=True
    )


def test_nothing_later_is_used(archive: Archive) -> None:
    early = security(archive, at=datetime(2024, 3, 1, tzinfo=UTC))
    assert all(origin.newest_at is None or origin.newest_at <= early.as_of for origin in early.origins)
    with pytest.raises(OutOfSpan):
        security(archive, at=datetime(2019, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "ask",
    [
        SecurityAsk(attacker_frac=1.5),
        SecurityAsk(confirmations=-1),
        SecurityAsk(value_usd=-1.0),
        SecurityAsk(risk_prob=0.0),
        SecurityAsk(elapsed_s=-5.0),
        SecurityAsk(hours=0.0),
        SecurityAsk(backlogs=(Backlog(fee_sat_per_vb=1, ahead_vmb=1),) * 11),
        SecurityAsk(backlogs=(Backlog(fee_sat_per_vb=1, ahead_vmb=-1),)),
    ],
)
def test_nonsense_is_refused(archive: Archive, ask: SecurityAsk) -> None:
    with pytest.raises(InputError):
        security(archive, ask, at=AT)


def test_nonsense_about_machines_is_refused() -> None:
    with pytest.raises(InputError):
        AttackGiven(machine_usd_per_th=0.0)
    with pytest.raises(InputError):
        AttackGiven(idle_ehs=math.inf)
    with pytest.raises(InputError):
        Backlog(fee_sat_per_vb=math.nan, ahead_vmb=1.0)


def test_the_extremes_can_be_told(archive: Archive) -> None:
    for share, count in ((0.0, 0), (0.0, 6), (1.0, 6), (0.5, 10_000)):
        ask = SecurityAsk(attacker_frac=share, confirmations=count, value_usd=1e15)
        assert plain(security(archive, ask, at=AT))["confirmations"] == count


def test_documents_become_json(document: SecurityDocument) -> None:
    fields = set(plain(document)) | {"schema"}
    assert fields == set(json_schema(SecurityDocument, name="security")["properties"])


def test_the_picture_shows_the_cost_of_the_state(archive: Archive) -> None:
    picture = security_picture(archive, at=AT, given=NOTES)
    assert picture.total_usd.shape == (len(picture.hashrate_ehs), len(picture.machine_usd_per_th))
    middle = len(picture.machine_usd_per_th) // 2
    assert picture.machine_usd_per_th[middle] == pytest.approx(4.0)
    nearest = int(abs(picture.hashrate_ehs - picture.state.hashrate_ehs).argmin())
    assert picture.total_usd[nearest, middle] == pytest.approx(3.97e9, rel=0.02)
    assert set(picture.curves["confirmations"]) == set(range(31))
