"""Addresses of Electrum servers, and the limits of a question."""

from __future__ import annotations

from typing import Any

import pytest

from wattshift.errors import ConfigError, InputError
from wattshift.sources.electrum.peer import ElectrumLimits, Peer


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("ssl://Host.Example:50002", "electrum+ssl://host.example:50002"),
        ("tcp://localhost:50001", "electrum+tcp://localhost:50001"),
        ("tcp://[::1]:50001", "electrum+tcp://[::1]:50001"),
    ],
)
def test_an_address_is_read(address: str, url: str) -> None:
    assert Peer.parse(address).url == url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "host:50002",
        "http://host:1",
        "ssl://host",
        "ssl://host:0",
        "ssl://host:65536",
        "ssl://u:p@host:1",
        "ssl://ho st:1",
        "ssl://host:1/x",
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Peer.parse(address)
    assert "u:p" not in str(caught.value)


def test_plain_tcp_stays_on_this_machine_unless_it_is_allowed() -> None:
    with pytest.raises(ConfigError, match="plain tcp"):
        Peer.parse("tcp://192.0.2.1:50001")
    assert Peer.parse("tcp://192.0.2.1:50001", allow_plain_tcp=True).tls is False


@pytest.mark.parametrize("name", ["connect_s", "line_s", "total_s", "max_bytes", "max_attempts"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_a_positive_number(name: str, value: Any) -> None:
    with pytest.raises(InputError):
        ElectrumLimits(**{name: value})
