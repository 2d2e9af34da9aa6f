"""The broker's table: defaults that are safe, and errors that name the key."""

from __future__ import annotations

from typing import Any

import pytest

from wattshift.config.mqtt import MqttGiven
from wattshift.errors import InputError


def test_a_broker_of_this_machine_needs_a_host_alone() -> None:
    given = MqttGiven(host="127.0.0.1")
    assert given.address == ("127.0.0.1", 1883)
    assert given.ca_path is None


def test_the_port_follows_tls_unless_it_is_given() -> None:
    assert MqttGiven(host="broker.local", tls=True).address == ("broker.local", 8883)
    assert MqttGiven(host="broker.local", tls=True, port=18_883).address == ("broker.local", 18_883)


def test_the_home_of_a_certificate_is_spelled_out() -> None:
    path = MqttGiven(host="broker.local", tls=True, ca_file="~/broker.pem").ca_path
    assert path is not None
    assert path.is_absolute()


def test_another_machine_is_spoken_to_in_the_clear_only_with_leave() -> None:
    assert MqttGiven(host="10.0.0.5", allow_plain_tcp=True).address == ("10.0.0.5", 1883)


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("tls", {"host": "10.0.0.5"}),
        ("tls", {"host": "broker.local", "user": "me", "password_env": "PASSWORD"}),
        ("host", {"host": ""}),
        ("host", {"host": "mqtt://broker.local"}),
        ("host", {"host": "user@broker.local"}),
        ("host", {"host": "broker local"}),
        ("host", {"host": "a..b"}),
        ("host", {"host": "a" * 64 + ".local"}),
        ("port", {"host": "localhost", "port": 0}),
        ("port", {"host": "localhost", "port": 65_536}),
        ("prefix", {"host": "localhost", "prefix": "wattshift/#"}),
        ("prefix", {"host": "localhost", "prefix": ""}),
        ("discovery_prefix", {"host": "localhost", "discovery_prefix": "+"}),
        ("site_id", {"host": "localhost", "site_id": "hall 1"}),
        ("site_id", {"host": "localhost", "site_id": "x" * 65}),
        ("user", {"host": "localhost", "password_env": "PASSWORD"}),
        ("ca_file", {"host": "localhost", "ca_file": "broker.pem"}),
        (
            "password_file",
            {"host": "localhost", "user": "me", "password_env": "A", "password_file": "b"},
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(key: str, given: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        MqttGiven(**given)
    assert caught.value.context["key"] == key
    assert caught.value.hint
