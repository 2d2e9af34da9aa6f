"""The whole service as a process: who gets in, what it tells of its secrets (nothing), and how it refuses.

One process for all tests here, with every kind of secret that there is, each a word that is searched for in
all that the process ever says.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from e2e.peers.child import Child, free_port
from wattshift.api.operations import OPERATIONS, Operation
from wattshift.clock import SystemClock
from wattshift.store.home import Home
from wattshift.store.tokens import TokenFile
from wattshift.web.headers import CONTENT_POLICY
from wattshift.web.principal import Scope

PAGES = ("/", "/network", "/site", "/simulate", "/claims", "/system")
CANARIES = {
    "rpc": "canary-rpc-Aeg7ohch",
    "hook_secret": "canary-hook-oa8Ohpha",
    "hook_url": "canary-url-Zie5meiw",
    "mqtt": "canary-mqtt-iK0eeth3",
    "database": "canary-database-xu2Nah5i",
    "query": "canary-query-Ooz9yah1",
    "guess": "canary-guess-pe6ooYai",
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Place:
    """The process, its store, and what it has said so far."""

    port: int
    home: Home
    child: Child
    tokens: dict[str, str]
    said: list[bytes]
    strangers: Iterator[int] = field(default_factory=count)

    def stranger(self) -> str:
        """An address that never asked before, as the proxy would tell it."""
        number = next(self.strangers)
        return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        who: str | None = None,
        body: bytes | None = None,
        **more: str,
    ) -> Answer:
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if who is not None:
            headers["authorization"] = f"Bearer {self.tokens[who]}"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            answer = Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()
        self.said += [answer.body, str(answer.headers).encode()]
        return answer


class Hostile(BaseHTTPRequestHandler):
    """Refuses, and repeats all that it was told."""

    heard: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.heard.append(f"{self.path} {self.headers.get('Authorization', '')}")
        self.send_response(500, "refused")
        self.end_headers()
        self.wfile.write(self.path.encode() + str(self.headers).encode() + body)

    def log_message(self, *_: object) -> None:
        """Nobody listens."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[int]:
    """The port of who is told of alerts, and of who is asked for blocks."""
    server = HTTPServer(("127.0.0.1", 0), Hostile)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def settings(folder: Path, receiver: int) -> Path:
    rules = folder / "alerts.toml"
    rules.write_text(
        '[[heartbeat]]\nname = "heartbeat"\nevery_s = 1.0\n'
        '[[hashrate_below]]\nname = "below"\nbelow_ehs = 99000.0\n'
        '[[webhooks]]\nname = "operations"\nurl_env = "HOOK_URL"\nsecret_env = "HOOK_SECRET"\n'
        "allow_private = true\n"
        '[[webhooks]]\nname = "outside"\nurl_env = "HOOK_URL"\nheartbeat = true\nallow_private = true\n',
        encoding="utf-8",
    )
    password = folder / "mqtt.password"
    password.touch(mode=0o600)
    password.write_text(CANARIES["mqtt"], encoding="utf-8")
    path = folder / "serve.toml"
    path.write_text(
        f'alerts = "{rules}"\n[follow]\nstore = "{folder / "store"}"\n'
        f'sources = ["core:http://127.0.0.1:{receiver}?user=me&password_env=RPC_PASSWORD"]\n'
        '[web]\nproxies = ["127.0.0.1"]\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {free_port()}\nuser = "me"\npassword_file = "{password}"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, receiver: int) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("safety")
    home, port, now = Home(folder / "store"), free_port(), SystemClock().now()
    file = TokenFile(home.tokens)
    scopes = {
        "read": ("read",),
        "compute": ("read", "compute"),
        "alerts": ("read", "alerts"),
        "none": ("alerts",),
    }
    tokens = {
        name: file.make(f"for-{name}", scopes=given, life_days=1, now=now) for name, given in scopes.items()
    }
    tokens["revoked"] = file.make("revoked", scopes=("read", "compute", "alerts"), life_days=1, now=now)
    file.revoke("revoked")
    secrets = {"RPC_PASSWORD": CANARIES["rpc"], "HOOK_SECRET": CANARIES["hook_secret"]}
    secrets["HOOK_URL"] = f"http://127.0.0.1:{receiver}/{CANARIES['hook_url']}"
    words = [sys.executable, "-m", "wattshift", "serve", "--port", str(port)]
    words += ["--settings", str(settings(folder, receiver))]
    child = Child(words, log=folder / "serve.log", env={**os.environ, **secrets})
    found = Place(port, home, child, tokens, [])

    def is_ready() -> bool:
        try:
            return found.ask("/v1/now", who="read").status == 200
        except OSError:
            return False

    child.until(is_ready, "edition")
    yield found
    child.stop()


# Who gets in (J1, J2)


MAY = {Scope.READ: {"read", "compute", "alerts"}, Scope.COMPUTE: {"compute"}, Scope.ALERTS: {"alerts"}}
"""Whose token is good for what; all but the revoked one are good for what needs no scope."""


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_every_operation_asks_for_its_scope(place: Place, operation: Operation) -> None:
    """What is sent makes no sense, so that nothing is done: whoever is let in is told that."""
    if operation.path == "/v1/live":
        return  # a stream does not end by itself: `test_guard` asks for it
    path = operation.path.replace("{id}", "none").replace("{rule}", "none") + "?nonsense=1"
    body = b"{" if operation.method == "POST" else None
    may = set(place.tokens) - {"revoked"} if operation.scope is None else MAY[operation.scope]
    refused = {
        who: place.ask(path, operation.method, who=who, body=body, x_forwarded_for=place.stranger())
        for who in place.tokens
    }
    assert {who for who, answer in refused.items() if answer.status not in {401, 403}} == may
    assert all(answer.status < 500 for answer in refused.values())
    if operation.scope is not None:
        stranger = place.stranger()
        assert place.ask(path, operation.method, body=body, x_forwarded_for=stranger).status == 401


@pytest.mark.parametrize("path", [*PAGES, "/charts/hashrate.svg", "/metrics", "/v1/openapi.json", "/nothing"])
def test_no_page_without_a_token(place: Place, path: str) -> None:
    assert place.ask(path, x_forwarded_for=place.stranger()).status == 401
    led = place.ask(path, accept="text/html,*/*", x_forwarded_for=place.stranger())
    assert (led.status, led.headers["location"]) == (303, f"/sign-in?next={path}")


def test_a_browser_signs_in_and_only_reads(place: Place) -> None:
    body = f"token={place.tokens['compute']}&next=/site".encode()
    done = place.ask("/sign-in", "POST", body=body, origin=f"http://127.0.0.1:{place.port}")
    assert (done.status, done.headers["location"]) == (303, "/site")
    cookie = done.headers["set-cookie"].partition(";")[0]
    place.said.pop()  # the cookie goes to whom it belongs
    assert place.ask("/site", cookie=cookie).status == 200
    assert place.ask("/v1/simulations", "POST", cookie=cookie, body=b"{}").status == 403
    assert place.ask("/v1/check", "POST", cookie=cookie, body=b"x", content_type="text/plain").status == 403


def test_other_sites_and_names_get_nothing(place: Place) -> None:
    assert place.ask("/v1/now", who="read", host="evil.example").status == 421
    assert (
        place.ask("/v1/check", "POST", who="compute", body=b"x", origin="http://evil.example").status == 403
    )
    assert place.ask("/v1/live", who="read", sec_fetch_site="cross-site").status == 403


# What every answer carries (J6)


@pytest.mark.parametrize(
    "path", [*PAGES, "/v1/now", "/metrics", "/health/live", "/static/wattshift.css", "/nothing"]
)
def test_every_answer_is_strict(place: Place, path: str) -> None:
    answer = place.ask(path, who="read")
    assert answer.status == (404 if path == "/nothing" else 200)
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_holds_anything_inline(place: Place, path: str) -> None:
    page = place.ask(path, who="read").body.decode()
    assert "<script>" not in page
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick" not in page
    assert "javascript:" not in page
    outside = [part for part in page.split('"') if part.startswith(("http://", "https://", "//"))]
    assert [each for each in outside if "w3.org" not in each] == [], "nothing comes from elsewhere"


# Secrets (K1); last, for it reads all that was said before


def test_no_secret_is_ever_told(place: Place, tmp_path: Path) -> None:
    for path in (
        *PAGES,
        "/metrics",
        "/v1/sources",
        "/v1/alerts",
        "/v1/alerts/events",
        "/health/ready",
        "/v1/data",
    ):
        place.ask(path, who="read")
    place.ask(f"/v1/hashrate?token={CANARIES['query']}&window=x", who="read")
    place.ask(f"/nothing?key={CANARIES['query']}")
    place.ask("/v1/now", authorization=f"Bearer {CANARIES['guess']}", x_forwarded_for=place.stranger())
    place.ask("/sign-in", "POST", body=f"token={CANARIES['guess']}".encode())
    said = b"\n".join(
        [*place.said, place.child.log.read_bytes(), *commands(place.child.pid), *kept(place.home)]
    )
    copy = tmp_path / "copy.tar"
    told = [run("--store", str(place.home.folder), *words) for words in STRANGERS]
    told.append(run("backup", str(copy), "--store", str(place.home.folder)))
    with tarfile.open(copy) as tar:
        assert "tokens.json" not in tar.getnames()
    said += b"\n".join([*told, copy.read_bytes()])
    assert b"heartbeat" in said, "something was said"
    basic = base64.b64encode(f"me:{CANARIES['rpc']}".encode()).decode()
    assert any(CANARIES["hook_url"] in each for each in Hostile.heard), "the secrets were in use"
    assert any(basic in each for each in Hostile.heard)
    assert basic.encode() not in said
    digests = {record.name: record.digest for record in TokenFile(place.home.tokens).records()}
    searched = {**{name: each for name, each in CANARIES.items() if name != "query"}, **place.tokens}
    assert {name for name, secret in searched.items() if secret.encode() in said} == set()
    assert {name for name, digest in digests.items() if digest.encode() in said} == set()
    assert CANARIES["query"].encode() not in place.child.log.read_bytes()


STRANGERS = (["sources"], ["tokens", "list"], ["alerts", "log"])


def run(*words: str) -> bytes:
    environment = {**os.environ, "RPC_PASSWORD": CANARIES["rpc"]}
    command = [sys.executable, "-m", "wattshift", *words]
    ended = subprocess.run(command, capture_output=True, env=environment, check=False)
    return ended.stdout + ended.stderr


def commands(pid: int) -> Iterator[bytes]:
    """The command lines of a process and of all that it started: every user of the machine sees them."""
    yield Path(f"/proc/{pid}/cmdline").read_bytes()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from commands(int(child))


def kept(home: Home) -> Iterator[bytes]:
    for path in home.folder.rglob("*"):
        if path.is_file() and path != home.tokens:
            yield path.read_bytes()


@pytest.mark.parametrize(
    "words", [["serve", "--port", "0"], ["backup", "copy.tar"], ["doctor"], ["follow", "--once"]]
)
def test_the_password_of_a_database_is_not_told(words: list[str], tmp_path: Path) -> None:
    url = f"postgresql://me:{CANARIES['database']}@127.0.0.1:1/nothing?connect_timeout=1"
    environment = {**os.environ, "WATTSHIFT_LEDGER": url, "WATTSHIFT_STORE": str(tmp_path / "store")}
    ended = subprocess.run(
        [sys.executable, "-m", "wattshift", *words],
        capture_output=True,
        env=environment,
        cwd=tmp_path,
        check=False,
        timeout=60,
    )
    assert ended.returncode != 0
    assert CANARIES["database"].encode() not in ended.stdout + ended.stderr
    assert b"wattshift" in ended.stdout + ended.stderr
