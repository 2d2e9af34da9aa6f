from __future__ import annotations

import pytest

from wattshift.delivery.guard import is_public, resolve_host, safe_address
from wattshift.errors import Rejected, Unavailable

INSIDE = """
127.0.0.1 127.8.9.10 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255
:: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1::1 2002:a00:1::
"""
PUBLIC = "1.1.1.1 8.8.8.8 2606:4700:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808"


@pytest.mark.parametrize("address", INSIDE.split())
def test_what_lies_inside_is_refused_unless_allowed(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Rejected, match="private"):
        safe_address("host.example", 443, resolve=lambda *_: [address])
    allowed = safe_address("host.example", 443, allow_private=True, resolve=lambda *_: [address])
    assert allowed == address


@pytest.mark.parametrize("address", PUBLIC.split())
def test_the_public_internet_is_open(address: str) -> None:
    assert safe_address("host.example", 443, resolve=lambda *_: [address]) == address


@pytest.mark.parametrize("text", ["", "example.org", "1.2.3", "1.2.3.4.5", "0x7f.1"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Rejected):
        safe_address("host.example", 443, resolve=lambda *_: ["1.1.1.1", "10.0.0.1"])


def test_a_name_without_an_address() -> None:
    with pytest.raises(Unavailable):
        safe_address("host.example", 443, resolve=lambda *_: [])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"]
)
def test_every_way_of_writing_this_machine_is_seen_through(host: str) -> None:
    with pytest.raises(Rejected):
        safe_address(host, 80)


def test_an_unknown_name() -> None:
    with pytest.raises(Unavailable, match="not known"):
        resolve_host("no-such-host.invalid", 80)
