"""Houses: each edition told to a broker of MQTT, so that Home Assistant shows it. Nothing is listened to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from wattshift.app.service.edition import Board, Edition
from wattshift.app.service.houses.entities import Topics, entities_of
from wattshift.config.mqtt import MqttGiven
from wattshift.delivery.mqtt import Broker, MqttLink
from wattshift.errors import ConfigError
from wattshift.sources.spec import read_secret

__all__ = ["House", "Teller", "open_house"]

_UNKNOWN = json.dumps({"value": None}).encode()


class Teller(Protocol):
    """What holds the connection."""

    def tell(self, messages: Mapping[str, bytes]) -> None:
        """Have the broker told of these payloads, by topic; returns at once."""
        ...

    def close(self) -> None:
        """Say goodbye."""
        ...


class House:
    """Tells a broker each edition.

    Args:
        teller: holds the connection.
        board: where editions hang.
        topics: under which topics.
    """

    def __init__(self, teller: Teller, board: Board, topics: Topics) -> None:
        self._teller = teller
        self._topics = topics
        self._known: frozenset[str] = frozenset()
        self._leave = board.listen(self._hear)
        latest = board.latest
        if latest is not None:
            self._hear(latest)

    def close(self) -> None:
        """Hear no more, and say goodbye."""
        self._leave()
        self._teller.close()

    def _hear(self, edition: Edition) -> None:
        """Tell an edition; what was known before and is no more becomes unknown, not old."""
        entities = entities_of(edition.now)
        topics = replace(self._topics, is_replay=edition.now.is_replay)
        announcements = {
            topics.announcement(each): topics.announced(each, device=edition.now.site) for each in entities
        }
        states = {
            topics.state(each): json.dumps(dict(each.state), allow_nan=False).encode() for each in entities
        }
        gone = dict.fromkeys(self._known - states.keys(), _UNKNOWN)
        self._known |= states.keys()
        self._teller.tell({**announcements, **states, **gone})


def open_house(given: MqttGiven, board: Board, *, environment: Mapping[str, str] | None = None) -> House:
    """Begin to tell a broker; if it does not listen, it is told as soon as it does.

    Args:
        given: the settings.
        board: where editions hang.
        environment: where the password may lie; the process's own by default.

    Raises:
        ConfigError: if the password cannot be read, paho is missing, or the broker's certificate file is.
    """
    topics = Topics(prefix=given.prefix, discovery_prefix=given.discovery_prefix, site_id=given.site_id)
    host, port = given.address
    broker = Broker(
        host=host,
        port=port,
        client_id=topics.node,
        tls=given.tls,
        ca_path=given.ca_path,
        user=given.user,
        password=_password(given, os.environ if environment is None else environment),
    )
    link = MqttLink(broker, presence_topic=topics.presence)
    link.start()
    return House(link, board, topics)


def _password(given: MqttGiven, environment: Mapping[str, str]) -> str | None:
    if given.password_file is not None:
        return read_secret(Path(given.password_file).expanduser())
    if given.password_env is None:
        return None
    found = environment.get(given.password_env)
    if not found:
        raise ConfigError(
            "the broker's password is not in the environment",
            variable=given.password_env,
            hint="set that variable for this process, or write password_file = FILE (mode 600)",
        )
    return found
