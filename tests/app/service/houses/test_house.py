"""The house hears each edition, and what is no more known becomes unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from support.editions import bundled_edition
from wattshift.app.service.edition import Board
from wattshift.app.service.houses.entities import Topics
from wattshift.app.service.houses.house import House, open_house
from wattshift.config.mqtt import MqttGiven
from wattshift.errors import ConfigError

TOPICS = Topics(prefix="wattshift", discovery_prefix="homeassistant", site_id="hall")


class Kept:
    """Keeps what was told."""

    def __init__(self) -> None:
        self.told: dict[str, bytes] = {}
        self.is_closed = False

    def tell(self, messages: Mapping[str, bytes]) -> None:
        self.told |= messages

    def close(self) -> None:
        self.is_closed = True

    def state(self, name: str) -> object:
        return json.loads(self.told[f"wattshift/hall/{name}"])["value"]


def test_what_hangs_already_is_told_and_each_edition_after_it() -> None:
    board, teller = Board(), Kept()
    edition = bundled_edition()
    board.publish(edition)
    house = House(teller, board, TOPICS)
    assert teller.state("sensor/tip_height_blocks") == edition.now.tip_height
    assert "homeassistant/sensor/wattshift_hall/tip_height_blocks/config" in teller.told
    board.publish(replace(edition, now=replace(edition.now, lag_s=42.0)))
    assert teller.state("sensor/lag_s") == 42.0
    house.close()
    assert teller.is_closed
    board.publish(replace(edition, now=replace(edition.now, lag_s=43.0)))
    assert teller.state("sensor/lag_s") == 42.0, "who has left hears no more"


def test_what_is_no_more_known_becomes_unknown_and_comes_back() -> None:
    board, teller = Board(), Kept()
    edition = bundled_edition()
    House(teller, board, TOPICS)
    board.publish(edition)
    assert teller.state("binary_sensor/run_own_gpus") == "ON"
    priceless = replace(edition.now, value=None, decisions=(), decisions_in_words="not known")
    board.publish(replace(edition, now=priceless))
    assert teller.state("binary_sensor/run_own_gpus") is None
    assert teller.state("sensor/load_mw_own_gpus") is None
    assert teller.state("sensor/decisions") == "not known"
    board.publish(edition)
    assert teller.state("binary_sensor/run_own_gpus") == "ON"


def test_history_that_runs_again_never_speaks_as_the_present() -> None:
    board, teller = Board(), Kept()
    edition = bundled_edition()
    House(teller, board, TOPICS)
    board.publish(replace(edition, now=replace(edition.now, is_replay=True)))
    assert teller.state("replay/binary_sensor/run_own_gpus") == "ON"
    assert not any(topic.startswith("wattshift/hall/binary_sensor") for topic in teller.told)
    assert not any("/wattshift_hall/" in topic for topic in teller.told)


def test_before_the_first_edition_nothing_is_told() -> None:
    teller = Kept()
    House(teller, Board(), TOPICS)
    assert teller.told == {}


def test_a_password_that_is_missing_is_told_by_its_variable() -> None:
    given = MqttGiven(host="127.0.0.1", user="me", password_env="HOUSE")  # noqa: S106  # a name
    with pytest.raises(ConfigError) as caught:
        open_house(given, Board(), environment={})
    assert caught.value.context == {"variable": "HOUSE"}


def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("canary", encoding="utf-8")
    secret.chmod(0o644)
    given = MqttGiven(host="127.0.0.1", user="me", password_file=str(secret))
    with pytest.raises(ConfigError, match="others can read") as caught:
        open_house(given, Board())
    assert "canary" not in str(caught.value)


def test_a_broker_that_is_not_there_stops_nobody() -> None:
    board = Board()
    house = open_house(MqttGiven(host="127.0.0.1", port=1), board)
    board.publish(bundled_edition())
    house.close()
