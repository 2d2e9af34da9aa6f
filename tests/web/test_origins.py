from __future__ import annotations

import pytest

from wattshift.web.origins import is_foreign, is_our_host

LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "panel.example.org"})


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8550", "LOCALHOST:8550", "127.0.0.1:8550", "[::1]:8550", "[::1]"),
        *("panel.example.org", "Panel.Example.Org:443", "panel.example.org."),
    ],
)
def test_our_names_are_ours(host: str) -> None:
    assert is_our_host(host, LOCAL, takes_addresses=False)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8550", "localhost.evil.example", "localhost@evil.example", ""),
        *("127.0.0.1.evil.example", "192.168.1.5", "2130706433", "0x7f000001", "127.1", "localhost:8550:80"),
        *("[::2]", "[::1", "::1", "localhost:x", "localhost ", " localhost", "localhost/evil", "a" * 300),
        *("localhost\t", "xn--lcalhost-54a", "panel.example.org.evil.example", "evil.example#localhost"),
    ],
)
def test_others_are_not(host: str) -> None:
    assert not is_our_host(host, LOCAL, takes_addresses=False)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("192.168.1.5:8550", True),
        ("[2001:db8::7]:8550", True),
        ("rebound.example", False),
        ("10.0.0.1.evil", False),
    ],
)
def test_where_others_reach_it_any_address_is_ours_and_no_name(host: str, is_ours: bool) -> None:
    assert is_our_host(host, LOCAL, takes_addresses=True) == is_ours


def foreign(method: str = "GET", *, is_live: bool = False, scheme: str = "http", **headers: str) -> bool:
    told = {"host": "localhost:8550"} | {name.replace("_", "-"): value for name, value in headers.items()}
    raw = {name.encode(): value.encode() for name, value in told.items()}
    return is_foreign(raw, scheme=scheme, method=method, is_live=is_live)


def link(site: str) -> dict[str, str]:
    return {"sec_fetch_site": site, "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}


CROSS_ORIGIN = [
    ("a form of another site", "POST", False, {"origin": "http://evil.example"}),
    ("one of another port", "POST", False, {"origin": "http://localhost:3000"}),
    ("one without a port", "POST", False, {"origin": "http://localhost"}),
    ("one over TLS", "POST", False, {"origin": "https://localhost:8550"}),
    ("a sandboxed frame", "POST", False, {"origin": "null"}),
    ("an empty origin", "POST", False, {"origin": ""}),
    ("a look-alike", "POST", False, {"origin": "http://localhost:8550.evil.example"}),
    ("credentials before it", "POST", False, {"origin": "http://evil@localhost:8550"}),
    ("a trailing slash", "POST", False, {"origin": "http://localhost:8550/"}),
    ("a file", "POST", False, {"origin": "file://"}),
    ("an extension", "POST", False, {"origin": "chrome-extension://abcdef"}),
    ("a deletion", "DELETE", False, {"origin": "http://evil.example"}),
    ("a preflight", "OPTIONS", False, {"origin": "http://evil.example"}),
    ("a read with CORS", "GET", False, {"origin": "http://evil.example"}),
    ("a form, by its site alone", "POST", False, {"sec_fetch_site": "cross-site"}),
    ("a navigating form", "POST", False, link("cross-site")),
    ("a neighbour's page", "POST", False, {"sec_fetch_site": "same-site"}),
    ("an image", "GET", False, {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}),
    ("a script", "GET", False, {"sec_fetch_site": "same-site", "sec_fetch_dest": "script"}),
    ("a frame", "GET", False, {**link("cross-site"), "sec_fetch_dest": "iframe"}),
    ("a stream of another site", "GET", True, {"origin": "http://evil.example"}),
    ("a stream, by its site alone", "GET", True, {"sec_fetch_site": "cross-site"}),
    ("a stream as a link", "GET", True, link("cross-site")),
    ("an unknown site", "POST", False, {"sec_fetch_site": "SAME-ORIGIN "}),
]


@pytest.mark.parametrize(
    ("what", "method", "is_live", "headers"), CROSS_ORIGIN, ids=[each[0] for each in CROSS_ORIGIN]
)
def test_a_page_of_another_site_gets_nowhere(
    what: str, method: str, is_live: bool, headers: dict[str, str]
) -> None:
    assert foreign(method, is_live=is_live, **headers), what


@pytest.mark.parametrize(
    ("method", "is_live", "headers"),
    [
        ("GET", False, {}),
        ("POST", False, {}),
        ("GET", True, {}),
        ("POST", False, {"origin": "http://localhost:8550", "sec_fetch_site": "same-origin"}),
        ("POST", False, {"origin": "http://LOCALHOST:8550"}),
        ("GET", True, {"sec_fetch_site": "same-origin"}),
        ("GET", False, {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"}),
        ("GET", False, link("cross-site")),
        ("HEAD", False, link("same-site")),
    ],
)
def test_our_pages_programs_and_links_get_through(
    method: str, is_live: bool, headers: dict[str, str]
) -> None:
    assert not foreign(method, is_live=is_live, **headers)


def test_behind_a_proxy_the_scheme_is_the_readers() -> None:
    assert not foreign("POST", scheme="https", origin="https://localhost:8550")
    assert foreign("POST", scheme="https", origin="http://localhost:8550")
