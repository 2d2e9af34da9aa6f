from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from wattshift.app.grideffect import GridAsk, GridCase, grid_case, grid_effect, grid_effect_of
from wattshift.app.gridhours import GridHistory
from wattshift.app.gridplots import grid_picture
from wattshift.app.snapshot import Archive
from wattshift.errors import InputError, OutOfSpan
from wattshift.report.documents.grideffect import GridEffectDocument, LoadKind, WorldName
from wattshift.report.jsontext import json_schema, plain
from wattshift.store.bundled import BundledStore
from wattshift.value.mining import mining_usd_per_mwh

AT = datetime(2026, 1, 1, tzinfo=UTC)
LOAD_MW = 2_000.0


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def mining(archive: Archive) -> GridCase:
    return grid_case(archive, GridAsk(load_mw=LOAD_MW, efficiency_j_per_th=19.0), at=AT)


@pytest.fixture(scope="module")
def document(mining: GridCase) -> GridEffectDocument:
    return grid_effect_of(mining)


def test_both_signs_with_their_intervals(document: GridEffectDocument) -> None:
    change = {row.world: row.change for row in document.worlds}
    firm, flexible = change[WorldName.INFLEXIBLE], change[WorldName.FLEXIBLE]
    assert firm.low.consumer_usd_per_mwh > flexible.high.consumer_usd_per_mwh > 0
    assert firm.low.peak_usd_per_mwh > 0
    assert 0 <= flexible.fitted.peak_usd_per_mwh < 1, "it stops before all but the last of the dearest hours"
    assert document.flexibility is not None
    assert document.flexibility.high.peak_usd_per_mwh < 0, "against the same load that never stops"
    assert change[WorldName.FLEXIBLE_ENTRY].high.peak_usd_per_mwh < 0, "and with supply that it pays for"
    assert change[WorldName.INFLEXIBLE_ENTRY].fitted.consumer_usd_per_mwh == pytest.approx(0.0, abs=1e-6)


def test_the_world_without_the_load_is_the_history(mining: GridCase, document: GridEffectDocument) -> None:
    none = document.worlds[0]
    assert none.world is WorldName.NONE
    assert none.level.fitted.mean_usd_per_mwh == pytest.approx(mining.market.price_usd_per_mwh.mean())
    assert none.level.low.consumer_usd_per_mwh == pytest.approx(none.level.high.consumer_usd_per_mwh)
    years = len(mining.market.load_mw) / 8_760
    paid = float(mining.market.load_mw @ mining.market.price_usd_per_mwh) / 1e6 / years
    assert none.level.fitted.bill_usd_m_per_year == pytest.approx(paid)


def test_the_strike_is_what_mining_earned_the_day_before(mining: GridCase) -> None:
    hashprice = mining.history.hashprice_usd_per_ph_day[mining.chosen]
    np.testing.assert_allclose(
        mining.strike_usd_per_mwh, mining_usd_per_mwh(hashprice, efficiency_j_per_th=19.0)
    )
    assert 60 < mining.asked.low_strike_usd_per_mwh < mining.asked.high_strike_usd_per_mwh < 300  # type: ignore[operator]  # a mining load has both


def test_a_higher_hashprice_responds_less(document: GridEffectDocument) -> None:
    rows = document.hashprices
    for lower, higher in pairwise(rows):
        assert lower.strike_usd_per_mwh < higher.strike_usd_per_mwh
        assert lower.change.fitted.off_hours > higher.change.fitted.off_hours
        assert lower.change.fitted.consumer_usd_per_mwh < higher.change.fitted.consumer_usd_per_mwh


def test_nothing_later_is_used(archive: Archive, mining: GridCase) -> None:
    assert mining.history.span.end_at <= AT
    early = grid_case(archive, GridAsk(load_mw=LOAD_MW, end_at=datetime(2024, 7, 1, tzinfo=UTC)), at=AT)
    known_then = grid_case(archive, GridAsk(load_mw=LOAD_MW), at=datetime(2024, 7, 1, tzinfo=UTC))
    assert early.window == known_then.window
    np.testing.assert_array_equal(early.supply.curve.position_mw, known_then.supply.curve.position_mw)


def test_caps_and_the_storm(archive: Archive) -> None:
    history = GridHistory.of(archive.as_of(datetime(2022, 6, 1, tzinfo=UTC)))
    start_s = history.market.start_s
    caps = {
        day: history.cap_usd_per_mwh[np.searchsorted(start_s, datetime(*day, tzinfo=UTC).timestamp())]
        for day in ((2021, 2, 15), (2021, 6, 15), (2022, 5, 8))
    }
    assert list(caps.values()) == [9_000.0, 2_000.0, 5_000.0]
    assert (~history.ordinary).sum() == 6 * 24
    assert history.market.price_usd_per_mwh[~history.ordinary].max() > 8_900


def test_the_curve_and_its_trial(document: GridEffectDocument) -> None:
    prices = [(row.price_usd_per_mwh, row.next_usd_per_mwh) for row in document.supply]
    assert all(one[1] == other[0] for one, other in pairwise(prices))
    assert all(0 < row.low_mw <= row.supply_mw <= row.high_mw for row in document.supply[3:])
    found = document.held_out
    assert found is not None
    assert found.hours == 8_760
    assert found.low_ratio < 1.0 < found.high_ratio
    assert found.dear_high_ratio is not None
    assert found.dear_high_ratio < 1.0, "2025 had few dear hours: the tail was too steep, and that is told"
    expected = {each.price_usd_per_mwh: each for each in found.durations}
    for price in (0.0, 20.0, 30.0):
        assert expected[price].expected_hours == pytest.approx(expected[price].found_hours, rel=0.15)


def test_room(document: GridEffectDocument) -> None:
    assert document.years == (2021, 2022, 2023, 2024, 2025)
    powers = [row.load_mw for row in document.headroom]
    assert powers == sorted(powers)
    assert all(row.low_mw < row.load_mw < row.high_mw for row in document.headroom)
    assert [row.hours for row in document.freed] == [10, 20, 50, 100, 200]
    assert document.freed[-1].freed_mw == LOAD_MW
    assert 0 < document.freed[0].freed_mw < LOAD_MW


def test_ai_gives_little_and_an_inflexible_load_nothing(archive: Archive) -> None:
    ai = grid_effect(archive, GridAsk(load_mw=LOAD_MW, kind=LoadKind.AI), at=AT)
    assert ai.load.curtailable_frac == 0.1
    assert "contracts" in ai.load.strike_basis
    assert ai.freed[-1].freed_mw == pytest.approx(200.0)
    change = {row.world: row.change.fitted.consumer_usd_per_mwh for row in ai.worlds}
    assert 0.8 * change[WorldName.INFLEXIBLE] < change[WorldName.FLEXIBLE] < change[WorldName.INFLEXIBLE]
    early = datetime(2023, 1, 1, tzinfo=UTC)
    firm = grid_effect(archive, GridAsk(load_mw=LOAD_MW, kind=LoadKind.INFLEXIBLE), at=early)
    assert [row.world for row in firm.worlds] == ["no load", "inflexible", "inflexible, supply grows"]
    assert (firm.flexibility, firm.hashprices, firm.freed) == (None, (), ())
    assert firm.load.strike_usd_per_mwh is None


def test_the_document_is_plain_and_has_a_schema(document: GridEffectDocument) -> None:
    body = plain(document)
    assert body["load"]["kind"] == "mining"
    assert set(json_schema(GridEffectDocument, name="grid-effect")["required"]) >= set(body)


def test_the_picture_shows_every_world(mining: GridCase, document: GridEffectDocument) -> None:
    picture = grid_picture(mining, document)
    assert tuple(picture.durations_usd_per_mwh) == mining.worlds
    assert (picture.low_mw <= picture.high_mw).all()
    assert (np.diff(picture.durations_usd_per_mwh[WorldName.FLEXIBLE]) <= 0).all()


@pytest.mark.parametrize(
    "bad",
    [
        {"load_mw": 0.0},
        {"load_mw": float("inf")},
        {"load_mw": 1.0, "strike_usd_per_mwh": float("nan")},
        {"load_mw": 1.0, "kind": LoadKind.INFLEXIBLE, "strike_usd_per_mwh": 5.0},
        {"load_mw": 1.0, "kind": LoadKind.INFLEXIBLE, "curtailable_frac": 0.5},
        {"load_mw": 1.0, "kind": LoadKind.AI, "efficiency_j_per_th": 19.0},
    ],
)
def test_what_cannot_be_asked(bad: dict[str, float]) -> None:
    with pytest.raises(InputError):
        GridAsk(**bad)  # type: ignore[arg-type]  # what a caller may get wrong


def test_what_is_not_known(archive: Archive) -> None:
    with pytest.raises(OutOfSpan, match="cover"):
        grid_case(archive, GridAsk(load_mw=1.0, start_at=datetime(2020, 1, 1, tzinfo=UTC)), at=AT)
    with pytest.raises(OutOfSpan, match="cover"):
        grid_case(archive, GridAsk(load_mw=1.0, end_at=datetime(2026, 6, 1, tzinfo=UTC)), at=AT)
    narrow = GridAsk(
        load_mw=1.0,
        start_at=datetime(2024, 1, 1, 0, 30, tzinfo=UTC),
        end_at=datetime(2024, 1, 1, 1, tzinfo=UTC),
    )
    with pytest.raises(OutOfSpan, match="no hour"):
        grid_case(archive, narrow, at=AT)
    with pytest.raises(OutOfSpan, match="neither load nor price"):
        grid_case(archive, GridAsk(load_mw=1.0), at=datetime(2020, 6, 1, tzinfo=UTC))
