"""The server over real sockets: what it refuses, how slow it lets anybody be, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from support.webclient import NOW, Served, echo, served
from wattshift.clock import ReplayClock
from wattshift.errors import ConfigError
from wattshift.store.home import Home
from wattshift.store.tokens import TokenFile
from wattshift.web.guard import Guard
from wattshift.web.policy import Binding, Limits, policy_of
from wattshift.web.server import WebServer, listen

LOCAL = Binding(port=0)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """As `echo`; a stream without an end; and an answer that no receiver takes at once."""
    if scope.get("path") == "/large":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * (32 << 20)})
        return
    if scope.get("path") != "/v1/live":
        await echo(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    ending = asyncio.ensure_future(STREAMS.wait())
    gone = asyncio.ensure_future(receive())
    await asyncio.wait({ending, gone}, return_when=asyncio.FIRST_COMPLETED)
    await send({"type": "http.response.body", "body": b""})
    gone.cancel()


class Streams:
    """Ends the streams from another thread."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self) -> None:
        await self._event.wait()

    def end(self) -> None:
        self._event.set()


STREAMS = Streams()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("server") / "store")


@pytest.fixture(scope="module")
def here(home: Home) -> Iterator[Served]:
    """A service on this machine, impatient."""
    policy = replace(policy_of(LOCAL, home, now=NOW), limits=Limits(head_s=0.3, stall_s=0.3))
    with served(Guard(app, policy), LOCAL) as found:
        yield found


def raw(here: Served, *pieces: bytes, wait_s: float = 0.0) -> bytes:
    """Send pieces as they are; all that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", here.port), timeout=10) as connection:
        got = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(wait_s)
            while part := connection.recv(65_536):
                got += part
        except OSError:
            pass
        return got


def test_a_request_is_answered_with_the_headers_of_security(here: Served) -> None:
    got = here.ask("/v1/now")
    assert (got.status, b"local" in got.body) == (200, True)
    assert "default-src 'self'" in got.headers["content-security-policy"]
    assert "server" not in got.headers


def test_dns_rebinding_gets_nothing(here: Served) -> None:
    for host in ("evil.example", f"evil.example:{here.port}", "192.168.1.5"):
        assert here.ask("/v1/now", host=host).status == 421


def test_a_page_of_another_site_gets_nothing(here: Served) -> None:
    assert here.ask("/v1/now", "POST", body=b"x", origin="http://evil.example").status == 403
    own = f"http://127.0.0.1:{here.port}"
    assert here.ask("/v1/now", "POST", body=b"x", origin=own, sec_fetch_site="same-origin").status == 200
    assert here.ask("/v1/now", origin=f"http://127.0.0.1:{here.port + 1}").status == 403


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: localhost\nX: y\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_sound_request_is_refused(here: Served, head: bytes) -> None:
    answer = raw(here, head)
    assert answer == b"" or answer.split()[1] in {b"400", b"421"}


def test_a_head_that_comes_too_slowly_ends_its_connection(here: Served) -> None:
    began_s = time.monotonic()
    assert raw(here, *[b"GET / HTTP/1.1\r\n"], *[b"x: y\r\n"] * 500, wait_s=0.05) == b""
    assert time.monotonic() - began_s < 5.0
    assert raw(here) == b"", "nor may it never come"
    assert here.ask("/").status == 200


def test_a_head_without_an_end_ends_its_connection(here: Served) -> None:
    answer = raw(here, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", *[b"y" * 4_096] * 400)
    assert answer == b""


def test_the_rest_of_a_refused_body_is_not_waited_for(here: Served) -> None:
    head = b"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100000\r\n\r\n"
    began_s = time.monotonic()
    raw(here, head, *[b"x"] * 200, wait_s=0.02)
    assert time.monotonic() - began_s < 3.0


def test_a_receiver_that_takes_nothing_is_given_up(here: Served) -> None:
    assert len(raw(here, b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n", wait_s=1.0)) < 32 << 20
    assert len(here.ask("/large").body) == 32 << 20, "whoever reads gets all of it"


def test_many_who_send_nothing_keep_nobody_out(here: Served) -> None:
    idle = [socket.create_connection(("127.0.0.1", here.port)) for _ in range(200)]
    try:
        assert here.ask("/").status == 200
    finally:
        for connection in idle:
            connection.close()


def test_one_connection_serves_many_requests(here: Served) -> None:
    connection = here.connection()
    for number in range(5):
        connection.request("POST", "/", b"x" * number)
        assert b'"length": %d' % number in connection.getresponse().read()
        time.sleep(0.1)
    connection.close()


def test_guesses_end_soon(tmp_path: Path) -> None:
    home = Home(tmp_path)
    TokenFile(home.tokens).make("wall", scopes=("read",), life_days=1, now=NOW)
    guard = Guard(app, policy_of(LOCAL, home, now=NOW), clock=ReplayClock(NOW))
    with served(guard, LOCAL) as found:
        statuses = [found.ask("/", authorization=f"Bearer {number}").status for number in range(40)]
    assert statuses == [401] * 10 + [429] * 30


def test_a_client_behind_a_proxy_is_who_the_proxy_says(tmp_path: Path) -> None:
    home, binding = Home(tmp_path), Binding(port=0, proxies=("127.0.0.1",), names=("panel.example.org",))
    secret = TokenFile(home.tokens).make("wall", scopes=("read",), life_days=1, now=NOW)
    guard = Guard(app, policy_of(binding, home, now=NOW), clock=ReplayClock(NOW))
    proxied: dict[str, Any] = {"host": "panel.example.org", "x_forwarded_proto": "https"}
    with served(guard, binding) as found:
        for _ in range(12):
            found.ask("/", authorization="Bearer wrong", x_forwarded_for="203.0.113.7", **proxied)
        told: dict[str, Any] = {"authorization": f"Bearer {secret}", **proxied}
        assert found.ask("/", x_forwarded_for="203.0.113.7", **told).status == 429
        assert found.ask("/", x_forwarded_for="203.0.113.8", **told).status == 200
        origin = {"origin": "https://panel.example.org"}
        assert (
            found.ask("/", "POST", body=b"x", x_forwarded_for="203.0.113.8", **told, **origin).status == 200
        )
        assert found.ask("/").status == 401, "and nobody comes in from this machine without a token"


def test_without_a_proxy_nobody_says_who_he_is(here: Served) -> None:
    assert (
        here.ask("/v1/now", x_forwarded_proto="https", origin=f"https://127.0.0.1:{here.port}").status == 403
    )


def test_tls_is_spoken_as_it_should_be(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    names = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True
    )
    key.chmod(0o600)
    home, binding = Home(tmp_path / "store"), Binding(port=0, tls_cert=cert, tls_key=key)
    trusting = ssl.create_default_context(cafile=str(cert))
    with served(Guard(app, policy_of(binding, home, now=NOW)), binding, tls=trusting) as found:
        got = found.ask("/")
        assert got.status == 200
        assert got.headers["strict-transport-security"] == "max-age=31536000"
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(cafile=str(cert))
        old.set_ciphers("AES256-GCM-SHA384")  # no forward secrecy
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            replace(found, tls=old).ask("/")
        assert raw(found, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b"", "nothing is told in the clear"


def test_a_taken_port_is_told(here: Served) -> None:
    with pytest.raises(ConfigError, match="cannot listen") as caught:
        listen(Binding(port=here.port))
    assert "--port" in str(caught.value.hint)


def test_it_ends_in_good_order_with_streams_open(home: Home) -> None:
    guard = Guard(app, policy_of(LOCAL, home, now=NOW))
    urls: Queue[str] = Queue()
    server = WebServer(guard, LOCAL, on_ready=urls.put, on_stop=STREAMS.end)
    thread = threading.Thread(target=server.serve_until_stopped)
    thread.start()
    found = Served(int(urls.get(timeout=10).rpartition(":")[2]), server)
    connection = found.connection()
    connection.request("GET", "/v1/live")
    answer = connection.getresponse()
    assert answer.read(5) == b"begun"
    began_s = time.monotonic()
    server.stop()
    assert answer.read() == b"", "the stream ends as it should, not in the middle"
    connection.close()
    thread.join(10)
    assert not thread.is_alive()
    assert time.monotonic() - began_s < 4.0
    with pytest.raises(OSError, match=r"refused|reset"):
        found.ask("/")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_the_program_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    program = (
        "from datetime import UTC, datetime; from pathlib import Path\n"
        "from support.webclient import echo\n"
        "from wattshift.store.home import Home\n"
        "from wattshift.web.guard import Guard\n"
        "from wattshift.web.policy import Binding, policy_of\n"
        "from wattshift.web.server import WebServer\n"
        f"policy = policy_of(Binding(port=0), Home(Path({str(tmp_path)!r})), now=datetime.now(UTC))\n"
        "WebServer(Guard(echo, policy), Binding(port=0), on_ready=lambda u: print(u, flush=True))"
        ".serve_until_stopped()\n"
        "print('in good order', flush=True)\n"
    )
    folder = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    ) as it:
        assert it.stdout is not None
        assert it.stdout.readline().startswith("http://127.0.0.1:")
        it.send_signal(number)
        assert it.stdout.read() == "in good order\n"
    assert it.returncode == 0


def test_nonsense_writes_no_line_of_the_log(here: Served, caplog: pytest.LogCaptureFixture) -> None:
    raw(here, b"nonsense\r\n\r\n")
    raw(here, b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert caplog.records == []
