from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from wattshift.app.snapshot import Archive
from wattshift.app.stress import pools, stress
from wattshift.errors import OutOfSpan
from wattshift.report.documents.stress import PoolsDocument, StressDocument
from wattshift.report.jsontext import json_schema, plain
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 19, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def stressed(archive: Archive) -> StressDocument:
    return stress(archive, AT)


@pytest.fixture(scope="module")
def pooled(archive: Archive) -> PoolsDocument:
    return pools(archive, datetime(2026, 1, 28, tzinfo=UTC), window_s=4 * 86_400)


def test_signals_stand_on_the_last_whole_day(stressed: StressDocument) -> None:
    assert {signal.name: signal.on for signal in stressed.signals} == {
        "hash ribbons": True,
        "Puell multiple": False,
        "difficulty ribbon": False,
    }
    assert {signal.day for signal in stressed.signals} == {date(2026, 1, 18)}
    assert stressed.signals[0].in_words == "on since 2026-01-06, 13 days"


def test_every_signal_comes_with_its_backtest_and_false_alarms(stressed: StressDocument) -> None:
    assert len(stressed.backtests) == 4
    for test in stressed.backtests:
        assert 0 <= test.false_alarm_frac <= 1
        assert 0 < test.luck_prob <= 1
    assert [alarms.signal for alarms in stressed.false_alarms[::2]] == ["hash ribbons", "difficulty ribbon"]
    for still, growing in zip(stressed.false_alarms[::2], stressed.false_alarms[1::2], strict=True):
        assert still.on_frac > growing.on_frac


def test_the_cost_curve_is_that_of_the_day(stressed: StressDocument) -> None:
    water, power = stressed.under_water, stressed.power
    assert (
        water.hashprice_usd_per_ph_day == stressed.hashprice_usd_per_ph_day == pytest.approx(40.4, abs=0.15)
    )
    assert 0.02 < water.low_frac < water.share_frac < water.high_frac < 0.3
    assert stressed.fleet.tenth_j_per_th < stressed.fleet.mean_j_per_th < stressed.fleet.ninth_tenth_j_per_th
    assert power.low_gw < 18.9 < power.high_gw
    assert "signals on: hash ribbons." in stressed.in_words


def test_a_winter_storm_moves_shares(pooled: PoolsDocument) -> None:
    assert pooled.before is not None
    assert pooled.before.total.end_at == pooled.mix.total.start_at
    assert pooled.movements[0].name == "foundryusa"
    assert pooled.mix_luck_prob is not None
    assert pooled.mix_luck_prob < 0.01
    assert pooled.movements[0].luck_prob < 0.05
    assert pooled.hidden.total_ehs == pooled.mix.total.mean_ehs


def test_words_judge_a_movement_against_the_number_of_pools(archive: Archive, pooled: PoolsDocument) -> None:
    assert "More than luck: marapool" in pooled.in_words
    quiet = pools(archive, datetime(2026, 1, 22, tzinfo=UTC))
    assert "No pool's share moved more than luck allows" in quiet.in_words


def test_the_seed_decides(archive: Archive, pooled: PoolsDocument) -> None:
    again = pools(archive, pooled.as_of, window_s=4 * 86_400, seed=pooled.seed)
    assert again.concentration == pooled.concentration


def test_the_first_window_has_none_before(archive: Archive) -> None:
    document = pools(archive, datetime(2020, 1, 20, tzinfo=UTC))
    assert (document.before, document.movements, document.mix_luck_prob) == (None, (), None)


def test_short_histories_leave_out_what_they_cannot_say(archive: Archive) -> None:
    document = stress(archive, datetime(2020, 2, 10, tzinfo=UTC))
    assert document.divergence is None
    assert [signal.name for signal in document.signals] == ["Puell multiple"]
    with pytest.raises(OutOfSpan):
        stress(archive, datetime(2019, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("kind", ["stressed", "pooled"])
def test_documents_become_json(kind: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(kind)
    fields = set(plain(document)) | {"schema"}
    assert fields == set(json_schema(type(document), name=kind)["properties"])
