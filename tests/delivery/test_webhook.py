"""Webhooks against real servers on the loopback interface."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from time import monotonic

import pytest

from support.servers import Ending, LoopbackServer, Reply, Request, Steps, http
from wattshift.clock import ReplayClock
from wattshift.delivery import webhook
from wattshift.delivery.message import Message
from wattshift.delivery.signing import is_signed
from wattshift.delivery.webhook import WebhookChannel
from wattshift.errors import ConfigError, Rejected, SourceError, Unavailable
from wattshift.sources.http import wire

NOW = datetime(2026, 1, 26, 12, tzinfo=UTC)
MESSAGE = Message(key="k1", title="t", text="x", payload={"kind": "alerts", "site": "Houston"})
TLS = Path(__file__).parents[1] / "vectors" / "tls"
CANARY = "canary-7f3a"


class Ear:
    """Answers the same each time, and remembers what it heard."""

    def __init__(self, answer: Reply | Steps) -> None:
        self._answer = answer
        self.heard: list[Request] = []

    def __call__(self, request: Request) -> Reply | Steps:
        self.heard.append(request)
        return self._answer


def hook(url: str, *, secret: str | None = "shared", allow_private: bool = True) -> WebhookChannel:  # noqa: S107
    clock = ReplayClock(NOW)
    return WebhookChannel(name="ops", url=url, secret=secret, allow_private=allow_private, clock=clock)


def test_a_message_arrives_signed_with_its_key() -> None:
    ear = Ear(Reply(status=204))
    with LoopbackServer(http(ear)) as server:
        hook(f"http://user:pw@{server.address}/in?x=1").send(MESSAGE)
    (request,) = ear.heard
    assert (request.method, request.target) == ("POST", "/in?x=1")
    assert json.loads(request.body) == {"key": "k1", "kind": "alerts", "site": "Houston"}
    assert request.headers["idempotency-key"] == "k1"
    assert request.headers["authorization"] == "Basic dXNlcjpwdw=="
    assert request.headers["host"] == server.address
    header = request.headers["wattshift-signature"]
    assert is_signed(header, "shared", request.body, now_s=NOW.timestamp())
    assert not is_signed(header, "other", request.body, now_s=NOW.timestamp())


def test_without_a_secret_nothing_is_signed() -> None:
    ear = Ear(Reply())
    with LoopbackServer(http(ear)) as server:
        hook(server.url, secret=None).send(MESSAGE)
    assert "wattshift-signature" not in ear.heard[0].headers


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_trouble_that_may_pass(status: int) -> None:
    with LoopbackServer(http(Ear(Reply(status=status)))) as server, pytest.raises(Unavailable):
        hook(server.url).send(MESSAGE)


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_refusals(status: int) -> None:
    with LoopbackServer(http(Ear(Reply(status=status)))) as server, pytest.raises(Rejected):
        hook(server.url).send(MESSAGE)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    target = Ear(Reply())
    with LoopbackServer(http(target)) as other:
        ear = Ear(Reply(status=status, headers={"Location": other.url}))
        with LoopbackServer(http(ear)) as server, pytest.raises(Rejected):
            hook(server.url).send(MESSAGE)
    assert target.heard == []
    assert other.connections == 0


@pytest.mark.parametrize(
    "steps", [[Ending.RESET], [Ending.CLOSE], [b"HTTP/1.1 2", Ending.CLOSE], [b"nonsense\r\n\r\n"]]
)
def test_broken_answers(steps: list[bytes | Ending]) -> None:
    with LoopbackServer(http(Ear(steps))) as server, pytest.raises(Unavailable):
        hook(server.url).send(MESSAGE)


def test_a_server_that_drips_cannot_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_TOTAL_S", 0.5)
    step: list[bytes | float | Ending] = [b"X: y\r\n", 0.1]
    drip = [b"HTTP/1.1 200 OK\r\n", *step * 100]
    start_s = monotonic()
    with LoopbackServer(http(Ear(drip))) as server, pytest.raises(Unavailable):
        hook(server.url).send(MESSAGE)
    assert monotonic() - start_s < 5


def test_an_endless_body_is_not_read() -> None:
    body = chain([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"], repeat(b"5\r\nxxxxx\r\n", 10**6))
    with LoopbackServer(http(Ear(body))) as server:
        hook(server.url).send(MESSAGE)


def test_this_machine_is_refused_unless_allowed() -> None:
    ear = Ear(Reply())
    with LoopbackServer(http(ear)) as server:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(Rejected, match="private"):
                hook(f"http://{host}:{server.port}/", allow_private=False).send(MESSAGE)
    assert server.connections == 0


def test_a_name_that_changes_its_mind_is_asked_once() -> None:
    """DNS rebinding: what was looked at is what is connected to."""
    answers = iter([["127.0.0.1"], ["10.255.255.1"]])
    ear = Ear(Reply())
    with LoopbackServer(http(ear)) as server:
        WebhookChannel(
            name="ops",
            url=f"http://rebind.example:{server.port}/",
            clock=ReplayClock(NOW),
            allow_private=True,
            allow_plain_http=True,
            resolve=lambda *_: next(answers),
        ).send(MESSAGE)
    assert len(ear.heard) == 1
    assert ear.heard[0].headers["host"] == f"rebind.example:{server.port}"
    assert next(answers) == ["10.255.255.1"], "asked once"


def test_plain_http_to_elsewhere_needs_leave() -> None:
    with pytest.raises(ConfigError, match="plain http"):
        hook("http://example.org/")
    with pytest.raises(ConfigError):
        hook("ftp://example.org/")


class TestTls:
    @pytest.fixture(autouse=True)
    def _trusting_the_test_authority(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "authority.pem"))
        wire._tls.cache_clear()
        yield
        wire._tls.cache_clear()

    def send(self, certificate: str) -> list[Request]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / f"{certificate}.pem")
        ear = Ear(Reply())
        with LoopbackServer(http(ear), context) as server:
            WebhookChannel(
                name="ops",
                url=f"https://elsewhere.example:{server.port}/",
                clock=ReplayClock(NOW),
                allow_private=True,
                resolve=lambda *_: ["127.0.0.1"],
            ).send(MESSAGE)
        return ear.heard

    def test_the_certificate_is_that_of_the_name_though_the_address_is_pinned(self) -> None:
        assert len(self.send("elsewhere")) == 1

    @pytest.mark.parametrize("certificate", ["good", "self", "unknown"])
    def test_another_certificate_is_refused(self, certificate: str) -> None:
        with pytest.raises(Unavailable):
            self.send(certificate)


def test_no_secret_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with LoopbackServer(http(Ear(Reply(status=500)))) as server:
        channel = hook(f"http://u:{CANARY}@{server.address}/{CANARY}?token={CANARY}", secret=CANARY)
        with pytest.raises(SourceError) as caught:
            channel.send(MESSAGE)
    gone = hook(f"http://127.0.0.1:{server.port}/{CANARY}", secret=CANARY)
    with pytest.raises(SourceError) as other:
        gone.send(MESSAGE)
    told = [repr(channel), str(caught.value), repr(caught.value), str(other.value), *capsys.readouterr()]
    assert not any(CANARY in text for text in told)
