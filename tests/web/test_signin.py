from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from support.webclient import NOW, Asker, Got, Watch
from wattshift.store.tokens import TokenFile
from wattshift.web.signin import read_form, sign_in_page


def sign_in(ask: Asker, secret: str, goes_to: str = "/network", **headers: Any) -> Got:
    body = f"token={quote(secret)}&next={quote(goes_to, safe='')}".encode()
    return ask("/sign-in", "POST", body=body, **headers)


def cookie_of(got: Got) -> str:
    return got.headers["set-cookie"].partition(";")[0]


@pytest.fixture
def secret(tokens: TokenFile) -> str:
    return tokens.make("wall", scopes=("read", "compute", "alerts"), life_days=90, now=NOW)


def test_a_reader_is_led_to_the_page_and_back(ask_remote: Asker, secret: str) -> None:
    led = ask_remote("/network?at=2026-01-20&x=1", accept="text/html")
    assert led.status == 303
    assert led.headers["location"] == "/sign-in?next=/network%3Fat%3D2026-01-20%26x%3D1"
    page = ask_remote(led.headers["location"])
    assert page.status == 200
    assert b'value="/network?at=2026-01-20&amp;x=1"' in page.body
    done = sign_in(ask_remote, secret, "/network?at=2026-01-20&x=1")
    assert (done.status, done.headers["location"]) == (303, "/network?at=2026-01-20&x=1")
    got = ask_remote("/network", cookie=cookie_of(done))
    assert b'"who": "wall", "scopes": ["read"]' in got.body, "a cookie never does more than read"


def test_programs_are_told_and_not_led(ask_remote: Asker) -> None:
    assert ask_remote("/network", accept="application/json").status == 401
    assert ask_remote("/network", accept="text/html", sec_fetch_mode="cors").status == 401
    assert ask_remote("/network", "POST", accept="text/html", body=b"x").status == 401


def test_the_cookie_is_for_this_site_and_no_script(ask_remote: Asker, ask: Asker, secret: str) -> None:
    parts = {part.strip() for part in sign_in(ask_remote, secret).headers["set-cookie"].split(";")}
    assert {"Path=/", "HttpOnly", "SameSite=Strict", "Secure", "Max-Age=43200"} < parts
    assert any(part.startswith("__Host-wattshift=") for part in parts)
    plain = sign_in(ask, secret).headers["set-cookie"]
    assert "HttpOnly; SameSite=Strict" in plain
    assert "Secure" not in plain, "a browser would throw it away without TLS"


def test_a_wrong_token_is_told_and_counted(ask_remote: Asker, secret: str) -> None:
    wrong = sign_in(ask_remote, "wrong")
    assert wrong.status == 401
    assert b'role="alert"' in wrong.body
    assert "set-cookie" not in wrong.headers
    statuses = [sign_in(ask_remote, f"guess{number}").status for number in range(20)]
    assert statuses == [401] * 9 + [429] * 11
    assert sign_in(ask_remote, secret).status == 429


def test_another_site_cannot_sign_a_reader_in(ask_remote: Asker, secret: str) -> None:
    assert sign_in(ask_remote, secret, origin="https://evil.example").status == 403


@pytest.mark.parametrize(
    "goes_to",
    [
        *(
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
        ),
        *("/x\r\nset-cookie: a=b", "evil.example", "", "/sign-in", "///evil.example", "http:/evil", "//[bad"),
    ],
)
def test_nobody_is_led_to_another_site(ask_remote: Asker, secret: str, goes_to: str) -> None:
    assert sign_in(ask_remote, secret, goes_to).headers["location"] == "/"
    assert b'value="/"' in ask_remote("/sign-in?next=" + quote(goes_to, safe="")).body


def test_signing_out_ends_the_session(ask_remote: Asker, secret: str) -> None:
    cookie = cookie_of(sign_in(ask_remote, secret))
    out = ask_remote("/sign-out", "POST", cookie=cookie)
    assert (out.status, out.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert ask_remote("/network", cookie=cookie).status == 401
    assert ask_remote("/sign-out").status == 405, "a link signs nobody out"


def test_a_session_ends_with_its_token_and_with_its_time(
    ask_remote: Asker, tokens: TokenFile, secret: str, watch: Watch
) -> None:
    cookie = cookie_of(sign_in(ask_remote, secret))
    watch.now_s += 12 * 3_600 - 1
    assert ask_remote("/network", cookie=cookie).status == 200
    watch.now_s += 1
    assert ask_remote("/network", cookie=cookie).status == 401
    cookie = cookie_of(sign_in(ask_remote, secret))
    tokens.revoke("wall")
    watch.now_s += 1
    assert ask_remote("/network", cookie=cookie).status == 401


def test_guessing_cookies_ends_soon_and_keeps_nobody_from_signing_in(ask_remote: Asker, secret: str) -> None:
    cookie = cookie_of(sign_in(ask_remote, secret))
    for number in range(10):
        ask_remote("/network", cookie=f"__Host-wattshift=guess{number}")
    assert ask_remote("/network", cookie=cookie).status == 401, "no cookie of that address is looked at now"
    assert sign_in(ask_remote, secret).status == 303


def test_an_old_cookie_is_taken_back(ask_remote: Asker) -> None:
    led = ask_remote("/network", accept="text/html", cookie="a=b; __Host-wattshift=old")
    assert "Max-Age=0" in led.headers["set-cookie"]


def test_a_token_that_may_not_read_begins_no_session(ask_remote: Asker, tokens: TokenFile) -> None:
    secret = tokens.make("acks", scopes=("alerts",), life_days=1, now=NOW)
    assert sign_in(ask_remote, secret).status == 401


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"&" * 4_000, b"token=" + b"x" * 9_000, b"next=%00"])
def test_nonsense_is_a_wrong_token(ask_remote: Asker, body: bytes) -> None:
    assert ask_remote("/sign-in", "POST", body=body).status == 401
    assert read_form(body).goes_to == "/"


def test_the_page_runs_nothing_and_escapes_everything() -> None:
    page = sign_in_page('/"><script>alert(1)</script>', trouble="<b>no</b>").decode()
    assert "<script" not in page
    assert "<b>" not in page
    assert "style=" not in page
    assert " on" not in page.partition("<form")[2].partition("</form")[0].replace("one", "")
