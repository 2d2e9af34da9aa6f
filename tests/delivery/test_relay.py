"""Relays through apprise, against a real SMTP server and a real HTTP server on the loopback interface."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any

import pytest

from support.servers import LoopbackServer, Reply, Request, http
from wattshift.delivery.message import Message
from wattshift.delivery.relay import SERVICES, RelayChannel
from wattshift.errors import ConfigError, Rejected, Unavailable

MESSAGE = Message(key="k", title="Houston: below 1 ZH/s BEGAN", text="what: 883 EH/s\n\nwhy: x", payload={})
CANARY = "canary-7f3a"


class Mailbox:
    """Takes mail, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.receivers: list[str] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # its name
        self.mails.append(envelope.content)
        self.receivers += envelope.rcpt_tos
        return self.answer


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    from aiosmtpd.controller import Controller

    with socket.create_server(("127.0.0.1", 0)) as free:
        number = int(free.getsockname()[1])
    controller = Controller(mailbox, hostname="127.0.0.1", port=number)
    controller.start()
    yield number
    controller.stop()


def mail(port: int, *, allow_private: bool = True) -> RelayChannel:
    url = f"mailto://127.0.0.1:{port}?from=alerts@site.example&to=ops@site.example&mode=insecure"
    return RelayChannel(name="mail", url=url, allow_private=allow_private)


def test_a_mail_arrives(port: int, mailbox: Mailbox) -> None:
    mail(port).send(MESSAGE)
    (raw,) = mailbox.mails
    found = message_from_bytes(raw, policy=policy.default)
    assert found["Subject"] == MESSAGE.title
    assert "ops@site.example" in found["To"]
    body = found.get_body(("plain",))
    assert body is not None
    assert "883 EH/s" in body.get_content()


def test_a_mail_that_is_refused_is_not_delivered(port: int, mailbox: Mailbox) -> None:
    mailbox.answer = "554 no"
    with pytest.raises(Unavailable, match="did not take"):
        mail(port).send(MESSAGE)


def test_a_mail_server_inside_needs_leave(port: int, mailbox: Mailbox) -> None:
    with pytest.raises(Rejected, match="private"):
        mail(port, allow_private=False).send(MESSAGE)
    assert mailbox.mails == []


def test_ntfy_takes_a_message() -> None:
    heard: list[Request] = []

    def respond(request: Request) -> Reply:
        heard.append(request)
        return Reply(body=b"{}")

    with LoopbackServer(http(respond)) as server:
        RelayChannel(name="phone", url=f"ntfy://{server.address}/alerts", allow_private=True).send(MESSAGE)
        with pytest.raises(Rejected):
            RelayChannel(name="phone", url=f"ntfy://{server.address}/alerts").send(MESSAGE)
    assert len(heard) == 1
    assert b"883 EH/s" in heard[0].body


@pytest.mark.parametrize("url", ["json://host/", "xml://host", "file:///etc/passwd", "exec://x", "", "x"])
def test_only_some_services_are_taken(url: str) -> None:
    with pytest.raises(ConfigError, match="no service"):
        RelayChannel(name="x", url=url)


@pytest.mark.parametrize(
    "url",
    [
        "mailtos://user:pw@mail.example.org?to=ops@example.org",
        "tgram://123456789:abcdefg_hijklmnop-qrstuvwxyz0123456/12315544/",
        "ntfys://ntfy.sh/a-topic",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops",
    ],
)
def test_what_the_page_shows_is_understood(url: str) -> None:
    assert RelayChannel(name="x", url=url).name == "x"
    assert url.split("://", maxsplit=1)[0] in SERVICES


def test_no_secret_is_shown_or_logged(caplog: pytest.LogCaptureFixture, port: int) -> None:
    url = f"mailto://user:{CANARY}@127.0.0.1:{port}?from=a@site.example&to=ops@site.example&mode=insecure"
    channel = RelayChannel(name="mail", url=url, allow_private=True)
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as caught:
        channel.send(MESSAGE)  # this server asks for no password
    with pytest.raises(ConfigError) as refused:
        RelayChannel(name="mail", url=f"slack://{CANARY}")
    told = [repr(channel), str(caught.value), str(refused.value), caplog.text]
    assert not any(CANARY in text for text in told)


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: evil@example.org", "x\nTo: evil@example.org\n\nresolved by admin"]
)
def test_no_title_adds_a_header_or_a_receiver(port: int, mailbox: Mailbox, evil: str) -> None:
    with suppress(Unavailable):
        mail(port).send(replace(MESSAGE, title=evil))
    for raw in mailbox.mails:
        found = message_from_bytes(raw, policy=policy.default)
        assert found["Bcc"] is None
        assert "evil" not in found["To"]
    assert not any("evil" in str(receiver) for receiver in mailbox.receivers)
