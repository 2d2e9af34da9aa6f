"""The link to a broker, with a client that only pretends: what goes out, when, and how much at once."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client

from wattshift.delivery.mqtt import OFFLINE, ONLINE, Broker, MqttLink, new_client
from wattshift.errors import ConfigError

BROKER = Broker(host="broker.local", port=1883, client_id="wattshift_hall", user="me", password="canary")  # noqa: S106  # the canary
PRESENCE = "wattshift/hall/availability"


@dataclass
class Pretended:
    """A client that hands messages to nobody, in the signs of paho's."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)
    will: tuple[str, bytes, int, bool] | None = None
    is_away: bool = False
    calls: list[str] = field(default_factory=list)
    on_connect: Any = None
    on_connect_fail: Any = None
    on_disconnect: Any = None
    on_publish: Any = None

    def will_set(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        self.will = (topic, payload, qos, retain)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> SimpleNamespace:
        assert qos == 0, "an acknowledged message may arrive again, behind a newer one"
        assert retain
        if self.is_away:
            return SimpleNamespace(rc=4, mid=0)
        self.sent.append((topic, payload))
        return SimpleNamespace(rc=0, mid=len(self.sent))

    def connect_async(self, host: str, port: int, *, keepalive: int) -> None:
        self.calls.append(f"connect {host}:{port} {keepalive}")

    def loop_start(self) -> None:
        self.calls.append("start")

    def disconnect(self) -> None:
        self.calls.append("disconnect")

    def loop_stop(self) -> None:
        self.calls.append("stop")

    def come(self, reason: object = 0) -> None:
        self.on_connect(self, None, None, reason, None)

    def go(self) -> None:
        self.on_disconnect(self, None, None, 0, None)

    def leave_all(self) -> None:
        """All that is on the way leaves, and what follows it too."""
        done = 0
        while done < len(self.sent):
            done += 1
            self.on_publish(self, None, done, None, None)


def linked() -> tuple[MqttLink, Pretended]:
    client = Pretended()
    link = MqttLink(BROKER, presence_topic=PRESENCE, make=lambda _: cast("Client", client))
    return link, client


def test_nothing_goes_out_before_the_broker_listens_and_then_the_newest_does() -> None:
    link, client = linked()
    link.tell({"a": b"1"})
    link.tell({"a": b"2", "b": b"1"})
    assert client.sent == []
    client.come()
    assert client.sent == [(PRESENCE, ONLINE), ("a", b"2"), ("b", b"1")]
    assert link.is_connected


def test_what_the_broker_knows_is_not_said_again() -> None:
    link, client = linked()
    client.come()
    link.tell({"a": b"1"})
    link.tell({"a": b"1"})
    link.tell({"a": b"2"})
    assert client.sent[1:] == [("a", b"1"), ("a", b"2")]


def test_all_is_said_anew_on_a_new_connection() -> None:
    link, client = linked()
    client.come()
    link.tell({"a": b"1"})
    client.go()
    assert not link.is_connected
    link.tell({"b": b"1"})
    client.sent.clear()
    client.come()
    assert client.sent == [(PRESENCE, ONLINE), ("a", b"1"), ("b", b"1")]


def test_a_slow_broker_gets_the_newest_only() -> None:
    link, client = linked()
    client.come()
    for number in range(10_000):
        link.tell({f"topic{index}": str(number).encode() for index in range(3)})
    assert len(client.sent) <= 64, "what waits must not grow"
    client.leave_all()
    assert [payload for _, payload in client.sent[-3:]] == [b"9999"] * 3


def test_a_connection_that_breaks_while_it_is_told_loses_nothing() -> None:
    link, client = linked()
    client.come()
    client.is_away = True
    link.tell({"a": b"1"})
    client.go()
    client.is_away = False
    client.come()
    assert client.sent[-1] == ("a", b"1")


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("tell"), st.dictionaries(st.sampled_from("abcd"), st.binary(max_size=2))),
            st.tuples(st.sampled_from(["come", "go", "leave"]), st.none()),
        ),
        max_size=40,
    )
)
def test_in_the_end_the_broker_knows_the_newest_of_everything(
    steps: list[tuple[str, dict[str, bytes] | None]],
) -> None:
    link, client = linked()
    wanted: dict[str, bytes] = {PRESENCE: ONLINE}
    for step, messages in steps:
        if messages is not None:
            link.tell(messages)
            wanted |= messages
        elif step == "leave":
            client.leave_all()
        else:
            getattr(client, step)()
    client.go()
    client.sent.clear()
    client.come()
    client.leave_all()
    assert dict(client.sent) == wanted


def test_the_will_says_offline_and_so_does_a_goodbye() -> None:
    link, client = linked()
    assert client.will == (PRESENCE, OFFLINE, 1, True)
    link.start()
    client.come()
    link.close()
    assert client.sent[-1] == (PRESENCE, OFFLINE)
    link.tell({"a": b"1"})
    assert client.sent[-1] == (PRESENCE, OFFLINE), "after the goodbye nothing is said"
    assert client.calls == ["connect broker.local:1883 30", "start", "disconnect", "stop"]


def test_failure_and_recovery_are_logged_once_each_and_without_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="wattshift.mqtt")
    _, client = linked()
    for _ in range(3):
        client.on_connect_fail(client, None)
    client.come("Not authorized")
    client.come()
    client.go()
    client.come()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "the broker broker.local:1883 is not told: it does not answer"),
        ("INFO", "the broker listens again"),
        ("WARNING", "the broker broker.local:1883 is not told: the connection broke"),
        ("INFO", "the broker listens again"),
    ]
    assert "canary" not in caplog.text + repr(BROKER)


def test_a_certificate_that_is_not_there_is_the_operators_matter() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        new_client(replace(BROKER, tls=True, ca_path=Path("nowhere.pem")))


def test_where_paho_is_missing_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(ConfigError) as caught:
        new_client(BROKER)
    assert caught.value.hint == "pip install 'wattshift[mqtt]'"
