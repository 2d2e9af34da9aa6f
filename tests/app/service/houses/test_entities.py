"""What Home Assistant is told: by its documented schema, with honest intervals, whatever names say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.editions import bundled_edition
from support.homeassistant import DISCOVERY_TOPIC, check_announcement
from wattshift.app.service.houses.entities import Entity, Topics, entities_of
from wattshift.report.documents.now import NowDocument

TOPICS = Topics(prefix="wattshift", discovery_prefix="homeassistant", site_id="hall")


@pytest.fixture(scope="module")
def now() -> NowDocument:
    return bundled_edition().now


@pytest.fixture(scope="module")
def entities(now: NowDocument) -> dict[str, Entity]:
    return {entity.object_id: entity for entity in entities_of(now)}


def test_every_announcement_is_one_that_home_assistant_takes(entities: dict[str, Entity]) -> None:
    assert len(entities) > 20
    for entity in entities.values():
        check_announcement(
            TOPICS.announcement(entity), json.loads(TOPICS.announced(entity, device="Houston 100"))
        )


def test_identities_and_topics_are_all_different(now: NowDocument) -> None:
    entities = entities_of(now)
    for name in (TOPICS.state, TOPICS.announcement, lambda entity: entity.object_id):
        assert len({name(entity) for entity in entities}) == len(entities)


def test_every_figure_is_told_with_interval_age_and_origin(
    now: NowDocument, entities: dict[str, Entity]
) -> None:
    for figure in now.figures:
        if figure.of:
            continue
        state = entities[figure.key].state
        assert state["known_at"].endswith("Z")
        assert (state["age_s"], state["origin"], state["level"]) == (
            figure.age_s,
            figure.origin,
            figure.level,
        )
    assert {entity for entity in entities if entity.startswith("worth_usd_per_mwh_")} >= {
        "worth_usd_per_mwh_own_gpus",
        "worth_usd_per_mwh_grid",
    }


def test_numbers_stay_and_fractions_become_percent(now: NowDocument, entities: dict[str, Entity]) -> None:
    figures = {figure.key: figure for figure in now.figures}
    rate, change = figures["hashrate_ehs"], figures["next_change_frac"]
    assert entities["hashrate_ehs"].state["value"] == rate.value
    assert entities["hashrate_ehs"].traits["unit_of_measurement"] == "EH/s"
    assert change.low is not None
    told = entities["next_change_frac"]
    assert (told.state["value"], told.state["low"]) == (change.value * 100, change.low * 100)
    assert (told.state["unit"], told.traits["unit_of_measurement"]) == ("%", "%")


def test_each_use_is_told_whether_to_run_and_at_which_power(now: NowDocument) -> None:
    off = replace(now.decisions[0], load_mw=0.0)
    told = {each.object_id: each for each in entities_of(replace(now, decisions=(off, *now.decisions[1:])))}
    assert told["run_leased_hall"].state["value"] == "OFF"
    assert told["load_mw_leased_hall"].state["value"] == 0.0
    assert told["run_own_gpus"].state["value"] == "ON"
    assert told["load_mw_own_gpus"].state == {
        "value": now.decisions[1].load_mw,
        "capacity_mw": now.decisions[1].capacity_mw,
        "reason": now.decisions[1].reason,
        "worth_usd_per_mwh": now.decisions[1].worth_usd_per_mwh,
        "as_of": "2026-04-22T21:50:03Z",
    }


def test_a_decision_that_is_not_renewed_is_forgotten(entities: dict[str, Entity], now: NowDocument) -> None:
    for name in ("run_own_gpus", "load_mw_own_gpus"):
        assert entities[name].traits["expire_after"] == 7_200
    later = replace(now, as_of=now.as_of + timedelta(minutes=10))
    (again,) = (each for each in entities_of(later) if each.object_id == "run_own_gpus")
    assert again.state != entities["run_own_gpus"].state, "the same decision, made anew, is told anew"


@pytest.mark.parametrize("is_stale", ["chain", "price"])
def test_what_rests_on_old_evidence_tells_nobody_to_run(now: NowDocument, is_stale: str) -> None:
    def aged(age_s: float) -> dict[str, Entity]:
        figures = tuple(
            replace(each, age_s=age_s) if each.key == "delivered_usd_per_mwh" else each
            for each in now.figures
        )
        given = replace(now, lag_s=age_s) if is_stale == "chain" else replace(now, figures=figures)
        return {entity.object_id: entity for entity in entities_of(given)}

    assert aged(7_200.0)["run_own_gpus"].state["value"] == "ON"
    old = aged(7_201.0)
    for name in ("run_own_gpus", "load_mw_own_gpus"):
        assert old[name].state["value"] is None
        assert "2 h old" in old[name].state["reason"]
    assert "2 h old" in old["decisions"].state["value"]
    assert old["hashrate_ehs"].state["value"] == aged(0.0)["hashrate_ehs"].state["value"]


def test_a_replay_is_another_device_with_other_topics(entities: dict[str, Entity]) -> None:
    replayed = replace(TOPICS, is_replay=True)
    run = entities["run_own_gpus"]
    assert replayed.state(run) == "wattshift/hall/replay/binary_sensor/run_own_gpus"
    assert replayed.announcement(run) == (
        "homeassistant/binary_sensor/wattshift_hall_replay/run_own_gpus/config"
    )
    live, past = (json.loads(topics.announced(run, device="Hall")) for topics in (TOPICS, replayed))
    assert past["unique_id"] != live["unique_id"]
    assert past["device"]["identifiers"] != live["device"]["identifiers"]
    assert past["device"]["name"] == "Hall, replayed"
    assert past["availability_topic"] == live["availability_topic"] == TOPICS.presence


def test_states_in_words_are_no_longer_than_home_assistant_takes(now: NowDocument) -> None:
    long = "run " * 100
    told = {each.object_id: each for each in entities_of(replace(now, decisions_in_words=long))}
    assert len(told["decisions"].state["value"]) == 255
    assert told["decisions"].state["in_words"] == long


HOSTILE = [
    "a/b/#",
    "+",
    "",
    "\u202egnp.exe",
    "{{ states('lock.door') }}",
    'x"},"state_topic":"evil',
    "S21\nresolved by admin",
    "Größe",
    "grosse",
    "S21",
    "s21",
]


def test_hostile_names_become_words_of_topics_and_stay_data(now: NowDocument) -> None:
    decisions = tuple(replace(now.decisions[0], name=name) for name in HOSTILE)
    entities = entities_of(replace(now, decisions=decisions, figures=()))
    assert len({TOPICS.state(entity) for entity in entities}) == 2 * len(HOSTILE) + 4
    for entity in entities:
        content = json.loads(TOPICS.announced(entity, device=HOSTILE[5]))
        check_announcement(TOPICS.announcement(entity), content)
        assert content["value_template"] == "{{ value_json.value }}"
        assert "\n" not in content["name"]
        assert "\u202e" not in content["name"]


@given(st.lists(st.text(max_size=12), unique=True, min_size=1, max_size=6))
def test_names_that_differ_keep_topics_that_differ(names: list[str]) -> None:
    now = bundled_edition().now
    decisions = tuple(replace(now.decisions[0], name=name) for name in names)
    entities = entities_of(replace(now, decisions=decisions, figures=()))
    topics = {TOPICS.announcement(entity) for entity in entities}
    assert len(topics) == len(entities)
    assert all(DISCOVERY_TOPIC.fullmatch(topic) for topic in topics)
