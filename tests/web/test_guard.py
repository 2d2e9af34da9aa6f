from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from support.webclient import NOW, Asker, Watch, echo
from wattshift.clock import ReplayClock
from wattshift.store.tokens import TokenFile
from wattshift.web.guard import Guard
from wattshift.web.headers import CONTENT_POLICY
from wattshift.web.policy import Limits, Policy

SECURITY = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def token(tokens: TokenFile, *scopes: str, name: str = "wall") -> str:
    return tokens.make(name, scopes=scopes or ("read",), life_days=90, now=NOW)


def bearer(secret: str) -> dict[str, Any]:
    return {"authorization": f"Bearer {secret}"}


async def fail(*_: Any) -> None:
    raise RuntimeError("the inner secret")


# Who


def test_on_this_machine_alone_no_token_is_needed(ask: Asker) -> None:
    got = ask("/v1/now")
    assert got.status == 200
    assert b'"who": "local", "scopes": ["compute", "read"]' in got.body


def test_from_the_first_token_on_nobody_goes_without(ask: Asker, tokens: TokenFile, watch: Watch) -> None:
    secret = token(tokens, "read", "alerts")
    watch.now_s += 1.0
    assert ask("/v1/now").status == 401
    assert b'"scopes": ["alerts", "read"]' in ask("/v1/now", **bearer(secret)).body
    tokens.revoke("wall")
    watch.now_s += 1.0
    assert ask("/v1/now", **bearer(secret)).status == 401, "at once"
    assert ask("/v1/now").status == 401, "revoking the last token opens nothing"


def test_a_token_ends_when_it_was_told_to(ask: Asker, tokens: TokenFile, clock: ReplayClock) -> None:
    secret = token(tokens)
    record = tokens.records()[0]
    clock.advance(record.expires_at - NOW)
    assert ask("/v1/now", **bearer(secret)).status == 401
    clock.instant_at = record.expires_at.replace(microsecond=0) - (record.expires_at - NOW) / 1_000
    assert ask("/v1/now", **bearer(secret)).status == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic d2FsbDp4", "bearer\tx", "Bearer " + "x" * 500, "Bearer é"],
)
def test_what_is_no_token_lets_nobody_in(ask: Asker, header: str) -> None:
    got = ask("/v1/now", authorization=header)
    assert got.status == 401
    assert got.headers["www-authenticate"] == "Bearer"
    assert "token" in got.problem["hint"].lower()


def test_a_file_of_tokens_that_makes_no_sense_lets_nobody_in(
    ask: Asker, tokens: TokenFile, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = token(tokens)
    tokens.path.write_text("{}", encoding="utf-8")
    watch.now_s += 1.0
    assert [ask("/v1/now", **headers).status for headers in ({}, bearer(secret))] == [401, 401]
    assert "nobody is let in" in caplog.text


def test_a_token_that_may_not_read_gets_nothing(ask_remote: Asker, tokens: TokenFile) -> None:
    secret = token(tokens, "alerts")
    assert ask_remote("/v1/now", **bearer(secret)).status == 403
    assert ask_remote("/health/live", **bearer(secret)).status == 200


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/static/app.js", "/favicon.ico"])
def test_what_tells_nothing_of_the_site_is_for_all(ask_remote: Asker, path: str) -> None:
    assert ask_remote(path).status == 200
    assert ask_remote(path, "POST", body=b"x").status == 401


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1/now", "/v1/live", "/metrics", "/network", "/v1/openapi.json", "/health", "/health/live/"),
        *("/static", "/static/../v1/now", "/static/..", "/HEALTH/live", "//health/live", "/nothing"),
    ],
)
def test_all_else_is_not(ask_remote: Asker, path: str) -> None:
    assert ask_remote(path).status == 401


def test_no_more_than_ten_guesses_a_minute(ask_remote: Asker, tokens: TokenFile, watch: Watch) -> None:
    secret = token(tokens)
    statuses = [ask_remote("/v1/now", **bearer(f"guess{number}")).status for number in range(1_000)]
    assert statuses == [401] * 10 + [429] * 990
    shut = ask_remote("/v1/now", **bearer(secret))
    assert (shut.status, shut.headers["retry-after"]) == (429, "60"), "not even the right one is looked at"
    assert ask_remote("/v1/now", client="203.0.113.8", **bearer(secret)).status == 200, (
        "others are not shut out"
    )
    watch.now_s += 60.0
    assert ask_remote("/v1/now", **bearer(secret)).status == 200


def test_whoever_was_let_in_before_stays_in(ask_remote: Asker, tokens: TokenFile, watch: Watch) -> None:
    known, new = token(tokens), token(tokens, name="new")
    assert ask_remote("/v1/now", **bearer(known)).status == 200
    for number in range(12):
        ask_remote("/v1/now", **bearer(f"guess{number}"))
    assert [ask_remote("/v1/now", **bearer(each)).status for each in (known, new)] == [200, 429]
    assert ask_remote("/v1/now", client="203.0.113.8", **bearer(known)).status == 200
    tokens.revoke("wall")
    watch.now_s += 1.0
    assert ask_remote("/v1/now", **bearer(known)).status == 401


# From where


def test_another_name_is_refused_before_anything_else(ask: Asker) -> None:
    got = ask("/health/live", host="evil.example")
    assert got.status == 421
    assert "name" in got.problem["detail"]


def test_a_page_of_another_site_is_refused_whoever_reads_it(ask: Asker, tokens: TokenFile) -> None:
    secret = token(tokens)
    assert ask("/v1/now", "POST", origin="http://evil.example", **bearer(secret)).status == 403
    assert ask("/v1/live", sec_fetch_site="cross-site", **bearer(secret)).status == 403


@pytest.mark.parametrize("name", ["Host", "Origin", "Authorization", "Content-Length", "Sec-Fetch-Site"])
def test_what_stands_there_twice_is_refused(ask: Asker, name: str) -> None:
    twice = [(name.lower(), "localhost:8550"), (name.lower(), "evil.example")]
    asker = replace(ask, always={} if name == "Host" else ask.always)
    assert asker("/v1/now", pairs=twice).status == 400


def test_no_host_is_no_request(ask: Asker) -> None:
    assert replace(ask, always={})("/v1/now").status == 400


def test_a_web_socket_is_closed(policy: Policy) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    asyncio.run(Guard(echo, policy)({"type": "websocket", "path": "/"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


# How much


def test_long_addresses_and_heads_are_refused(ask: Asker) -> None:
    assert ask("/" + "x" * 8_191).status == 200
    assert ask("/" + "x" * 8_192).status == 414
    assert ask("/x?" + "y" * 8_190).status == 414
    assert ask("/", pairs=[(f"x-{number}", "1") for number in range(100)]).status == 431
    assert ask("/", pairs=[("x-long", "y" * 33_000)]).status == 431


def test_long_bodies_are_refused(ask: Asker) -> None:
    assert b'"length": 1048576' in ask("/v1/check", "POST", body=b"x" * (1 << 20)).body
    assert ask("/v1/check", "POST", body=b"x" * ((1 << 20) + 1)).status == 413
    assert ask("/v1/check", "POST", body=b"x" * ((1 << 20) + 1), content_length="5").status == 413
    assert ask("/v1/check", "POST", content_length="9" * 17).status == 413
    assert ask("/v1/check", "POST", content_length="-1").status == 413
    assert ask("/v1/check", "POST", content_length="x").status == 413
    chunked: dict[str, Any] = {"transfer_encoding": "chunked"}
    assert ask("/v1/check", "POST", body=b"x" * ((1 << 20) + 1), content_length="0", **chunked).status == 413


def test_a_body_that_does_not_come_is_not_waited_for(policy: Policy) -> None:
    impatient = replace(policy, limits=Limits(body_s=0.02))
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-length", b"9")]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "scheme": "http", "client": None}
    scope |= {"path": "/", "raw_path": b"/", "query_string": b"", "headers": headers}
    asyncio.run(Guard(echo, impatient)(scope, receive, send))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(("path", "status"), [("/v1/now", 504), ("/v1/live", 200)])
def test_an_answer_that_takes_too_long_is_given_up_but_not_a_stream(
    policy: Policy, path: str, status: int
) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.1)
        await echo(scope, receive, send)

    assert Asker(Guard(slow, replace(policy, limits=Limits(request_s=0.02))))(path).status == status


def test_an_answer_that_the_end_of_the_service_cuts_short_says_so(policy: Policy) -> None:
    async def cut_short(*_: Any) -> None:
        raise asyncio.CancelledError

    got = Asker(Guard(cut_short, policy))("/v1/now")
    assert (got.status, got.headers["retry-after"]) == (503, "10")


def test_a_token_has_its_share(ask_remote: Asker, tokens: TokenFile, watch: Watch) -> None:
    one, other = token(tokens), token(tokens, name="phone")
    statuses = [ask_remote("/v1/now", **bearer(one)).status for _ in range(205)]
    assert statuses == [200] * 200 + [429] * 5
    assert ask_remote("/v1/now", **bearer(other)).status == 200
    watch.now_s += 0.021
    assert [ask_remote("/v1/now", **bearer(one)).status for _ in range(2)] == [200, 429]


def test_strangers_share_less(ask_remote: Asker) -> None:
    statuses = [ask_remote("/health/live").status for _ in range(62)]
    assert statuses == [200] * 60 + [429] * 2
    assert ask_remote("/health/live", client="203.0.113.8").status == 200


@pytest.mark.parametrize(("path", "n_open", "status"), [("/v1/now", 64, 429), ("/v1/live", 100, 429)])
def test_no_client_keeps_too_much_open(
    policy: Policy, tokens: TokenFile, path: str, n_open: int, status: int
) -> None:
    headers = bearer(token(tokens))
    guard = Guard(echo, replace(policy, needs_token=True), clock=ReplayClock(NOW))
    key = "wall 127.0.0.1"
    count = guard._live if path == "/v1/live" else guard._open
    asker = Asker(guard)
    for _ in range(n_open - 1):
        count.enter(key)
    assert asker(path, **headers).status == 200
    count.enter(key)
    assert asker(path, **headers).status == status
    assert asker(path, client="203.0.113.8", **headers).status == 200


def test_all_together_do_not_either(policy: Policy) -> None:
    guard = Guard(echo, policy)
    for number in range(policy.limits.n_open_total):
        guard._open.enter(str(number))
    assert Asker(guard)("/v1/now").status == 503
    assert Asker(guard)("/v1/live").status == 200


def test_what_was_answered_is_open_no_more(policy: Policy) -> None:
    guard = Guard(fail, policy)
    assert Asker(guard)("/v1/now").status == 500
    assert guard._open.total == 0


# What every answer carries


def test_every_answer_carries_the_headers_of_security(ask: Asker, ask_remote: Asker) -> None:
    answers = [
        ask("/v1/now"),
        ask("/v1/now", host="evil.example"),
        ask("/x" * 9_000),
        ask_remote("/v1/now"),
        ask_remote("/sign-in"),
        ask_remote("/", accept="text/html"),
    ]
    assert [got.status for got in answers] == [200, 421, 414, 401, 200, 303]
    for got in answers:
        assert {name: got.headers.get(name) for name in SECURITY} == SECURITY
        assert got.headers["cache-control"] == "no-store"
        assert "server" not in got.headers
        assert not any(name.startswith("access-control") for name in got.headers)


def test_tls_is_remembered_where_there_is_tls(ask: Asker, ask_remote: Asker) -> None:
    assert "strict-transport-security" in ask_remote("/v1/now").headers
    assert "strict-transport-security" not in ask("/v1/now").headers


def test_nothing_inline_may_run() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in CONTENT_POLICY.split(";"))
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == "'self'"
    assert "unsafe" not in CONTENT_POLICY
    assert {rules[name] for name in ("object-src", "base-uri", "frame-ancestors", "script-src-attr")} == {
        "'none'"
    }


def test_a_defect_tells_its_number_and_nothing_else(policy: Policy, caplog: pytest.LogCaptureFixture) -> None:
    got = Asker(Guard(fail, policy))("/v1/now")
    assert got.status == 500
    assert b"inner" not in got.body
    assert got.problem["incident"] in caplog.text


def test_an_answer_that_has_begun_is_cut_off_not_mended(policy: Policy) -> None:
    async def fails_later(*connection: Any) -> None:
        await connection[2]({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    got = Asker(Guard(fails_later, policy))("/v1/now")
    assert (got.status, got.body) == (200, b"")


def test_the_log_names_who_and_what_but_never_the_query(
    ask_remote: Asker, tokens: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    secret = token(tokens)
    with caplog.at_level(logging.INFO, "wattshift.access"):
        ask_remote("/v1/now?token=canary", **bearer(secret))
        ask_remote("/a\nb\x1b[2J", "GET")
    lines = [record.getMessage() for record in caplog.records if record.name == "wattshift.access"]
    assert lines[0].startswith("203.0.113.7 wall GET /v1/now 200 ")
    assert lines[1].startswith("203.0.113.7 nobody GET /a?b?[2J 401 ")
    assert not any(each in "".join(lines) for each in ("canary", secret, "\n"))


def test_without_an_ear_nothing_is_logged(ask: Asker, caplog: pytest.LogCaptureFixture) -> None:
    ask("/v1/now")
    assert caplog.records == []
