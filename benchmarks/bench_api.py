"""Cached answers of the API: how many a second of one core, beside a bare route that returns the same bytes;
and what an edition costs that goes to a thousand streams of live values.

The server runs in a process of its own; its processor time is what counts, so that the client, which shares
the machine, does not. Requests come over eight connections, sixteen at a time.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from wattshift.api.app import build_api
from wattshift.app.service.edition import Board, edition_of
from wattshift.app.service.now import present
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.store.bundled import BundledStore
from wattshift.web.guard import guarded
from wattshift.web.policy import Limits, Policy
from wattshift.web.principal import LOCAL

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture
    from starlette.types import ASGIApp, Receive, Scope, Send

REQUESTS = 8_192
CONNECTIONS = 8
AT_ONCE = 16
TICKS_PER_S = 100
REQUEST = b"GET /v1/now HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n"


def board() -> Board:
    archive = Archive(BundledStore())
    found = present(archive, open_site(None)[0], at=archive.newest_at - timedelta(days=90))
    made = Board()
    made.publish(edition_of(found, number=1, generation=0))
    return made


def api_of(made: Board) -> ASGIApp:
    nothing = SimpleNamespace(listen=lambda _: None)
    return build_api(
        cast("Any", SimpleNamespace(board=made, answers=None, jobs=None, alerts=nothing, health=None))
    )


def as_local(app: ASGIApp) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["principal"] = LOCAL
        await app(scope, receive, send)

    return answer


def behind_guard() -> ASGIApp:
    endless = Limits(local_burst=10**9, local_each_s=1e-9)
    return guarded(api_of(board()), Policy(limits=endless))


def bare() -> ASGIApp:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    edition = board().latest
    assert edition is not None
    body = edition.body

    async def now(request: Request) -> Response:
        del request
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/v1/now", now)])


def living() -> ASGIApp:
    """The API while editions come, ten a second."""
    made = board()
    app, stamp = api_of(made), made.latest
    assert stamp is not None

    def publish() -> None:
        for number in count(2):
            time.sleep(0.1)
            made.publish(replace(stamp, number=number))

    Thread(target=publish, daemon=True).start()
    return as_local(app)


APPS = {
    "bare route": bare,
    "cached answer": lambda: as_local(api_of(board())),
    "and its guard": behind_guard,
    "live": living,
}


def serve(name: str, listening: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        APPS[name](), lifespan="off", access_log=False, log_level="error", http="httptools"
    )
    uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def served(name: str) -> Iterator[tuple[int, int]]:
    """A server: its process and its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = multiprocessing.get_context("fork").Process(target=serve, args=(name, listening))
        process.start()
        assert process.pid is not None
        try:
            yield process.pid, listening.getsockname()[1]
        finally:
            process.terminate()
            process.join()


def processor_s(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def first_answer(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(REQUEST)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer) < whole_length(answer):
            answer += one.recv(1 << 20)
    assert b" 200 OK" in answer
    return answer


def whole_length(answer: bytes) -> int:
    head, _, _ = answer.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    return len(head) + 4 + int(lines.get(b"content-length", b"0"))


def load(port: int, length: int) -> int:
    """Send all requests and take all answers; the number of bytes that came."""
    batch, rounds = REQUEST * AT_ONCE, REQUESTS // CONNECTIONS // AT_ONCE
    came = 0
    with selectors.DefaultSelector() as ready:
        for _ in range(CONNECTIONS):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(batch)
            ready.register(one, selectors.EVENT_READ, [rounds - 1, AT_ONCE * length])
        while ready.get_map():
            for key, _ in ready.select():
                sent = cast("socket.socket", key.fileobj)
                took = len(sent.recv(1 << 20))
                assert took
                came += took
                key.data[1] -= took
                if key.data[1] == 0 and key.data[0] == 0:
                    ready.unregister(sent)
                    sent.close()
                elif key.data[1] == 0:
                    sent.sendall(batch)
                    key.data[:] = [key.data[0] - 1, AT_ONCE * length]
    return came


def listen(port: int, streams: int, editions: int) -> int:
    """Open so many streams, and read until each has had so many editions; the bytes that came."""
    left, came = {}, 0
    with selectors.DefaultSelector() as ready:
        for _ in range(streams):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(REQUEST.replace(b"/v1/now", b"/v1/live"))
            ready.register(one, selectors.EVENT_READ)
            left[one] = editions
        while left:
            for key, _ in ready.select():
                one = cast("socket.socket", key.fileobj)
                took = one.recv(1 << 16)
                came += len(took)
                left[one] -= took.count(b"\nevent: now")
                if left[one] <= 0:
                    ready.unregister(one)
                    one.close()
                    del left[one]
    return came


def bench_live(benchmark: BenchmarkFixture) -> None:
    streams, editions = 1_000, 30
    benchmark.group = f"{editions} editions to {streams} streams"
    with served("live") as (pid, port):
        listen(port, 1, 1)
        before_s = processor_s(pid)
        came = benchmark.pedantic(listen, (port, streams, editions), rounds=1)  # type: ignore[no-untyped-call]  # likewise
        used_s = processor_s(pid) - before_s
    assert came > streams * editions * 1_000
    print(f"live: {used_s / editions * 1e3:.0f} ms of a core for an edition to {streams} streams")


@pytest.mark.parametrize("name", [name for name in APPS if name != "live"])
def bench_cached_now(name: str, benchmark: BenchmarkFixture) -> None:
    benchmark.group = f"{REQUESTS} times /v1/now"
    with served(name) as (pid, port):
        length = len(first_answer(port))
        load(port, length)
        before_s = processor_s(pid)
        rounds = 5
        came = benchmark.pedantic(load, (port, length), rounds=rounds)  # type: ignore[no-untyped-call]  # pytest-benchmark's own
        used_s = processor_s(pid) - before_s
    assert came == REQUESTS * length
    benchmark.extra_info["requests per second of one core"] = round(rounds * REQUESTS / used_s)
    print(f"{name}: {rounds * REQUESTS / used_s:,.0f} requests a second of one core, {length:,} bytes each")
