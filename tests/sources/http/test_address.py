from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import ConfigError
from wattshift.sources.http.address import Address, is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.0.3", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("127.0.0.1.example.org", False),
        ("localhost.example.org", False),
        ("example.org", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("url", "params", "asked"),
    [
        ("https://example.org", {}, "https://example.org/"),
        ("https://Example.ORG:443/a", {}, "https://example.org/a"),
        ("http://[::1]:8332/a/b", {}, "http://[::1]:8332/a/b"),
        ("https://example.org/a?x=1", {"y": "2 3"}, "https://example.org/a?x=1&y=2+3"),
        ("https://example.org/a b/%41?x=é", {}, "https://example.org/a%20b/%41?x=%C3%A9"),
        ("https://example.org/a#part", {}, "https://example.org/a"),
    ],
)
def test_what_is_asked(url: str, params: dict[str, str], asked: str) -> None:
    assert Address.parse(url, params).url == asked


def test_credentials_leave_the_url_and_become_a_header() -> None:
    address = Address.parse("http://user:p%40ss@127.0.0.1:8332/")
    assert address.url == address.shown == "http://127.0.0.1:8332/"
    assert address.credentials is not None
    assert b64decode(address.credentials.removeprefix("Basic ")) == b"user:p@ss"
    assert address.redirected("/other").credentials == address.credentials


@pytest.mark.parametrize(
    "name", ["api_key", "apikey", "access_token", "Signature", "password", "auth", "SECRET"]
)
def test_secret_parameters_are_asked_but_not_shown(name: str) -> None:
    address = Address.parse(f"https://example.org/a?{name}=hunter2&n=1", {"token": "hunter3"})
    assert address.shown == f"https://example.org/a?{name}=***&n=1&token=***"
    assert "hunter2" in address.url
    assert "hunter3" in address.url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "file:///etc/passwd",
        "ftp://example.org",
        "https://",
        "https:///path",
        "https://exa mple.org",
        "https://example.org:99999",
        "https://example.org:x",
        "https://[::1",
        "https://a..b",
        f"https://{'a' * 64}.org",
        "https://münchen.example",
        "https://example.org/\r\nHost: x",
        "https://user:hunter2@",
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Address.parse(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("location", "origin", "url"),
    [
        ("/b", ("https", "example.org", 443), "https://example.org/b"),
        ("c?d=1", ("https", "example.org", 443), "https://example.org/a/c?d=1"),
        ("//other.org/b", ("https", "other.org", 443), "https://other.org/b"),
        ("http://example.org/b", ("http", "example.org", 80), "http://example.org/b"),
        ("https://example.org:8443/", ("https", "example.org", 8443), "https://example.org:8443/"),
    ],
)
def test_where_a_redirect_leads(location: str, origin: tuple[str, str, int], url: str) -> None:
    onward = Address.parse("https://example.org/a/b").redirected(location)
    assert (onward.origin, onward.url) == (origin, url)


@given(st.text())
def test_any_text_is_an_address_or_a_configuration_error(text: str) -> None:
    for write in (text, f"https://{text}", f"https://example.org/{text}"):
        try:
            address = Address.parse(write)
        except ConfigError:
            continue
        assert address.url.isascii()
        assert address.url.isprintable()
        assert Address.parse(address.url).url == address.url


@given(st.text(max_size=60))
def test_any_redirect_is_an_address_or_a_configuration_error(location: str) -> None:
    try:
        onward = Address.parse("https://example.org/a").redirected(location)
    except ConfigError:
        return
    assert onward.scheme in {"http", "https"}
