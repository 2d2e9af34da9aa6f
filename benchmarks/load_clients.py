"""Who loads the service: normal requests on a schedule, the worst there are, and streams that listen."""

from __future__ import annotations

import asyncio
import json
import math
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection

from load_wire import Answer, Wire, bytes_of

__all__ = ["Heard", "Load", "Tally", "listen", "send_normal", "send_worst"]

_HOST = "127.0.0.1"
_WIRES = 96
"""Connections that requests take turns on: more than are ever busy unless the server stands still."""

_DAY_S = 86_400.0
_MIX: tuple[tuple[str, float], ...] = (
    ("/v1/now", 20),
    ("/v1/hashrate", 8),
    ("/v1/difficulty", 6),
    ("/v1/hashprice", 6),
    ("/v1/value", 4),
    ("/v1/pools", 2),
    ("/v1/series/hashrate", 4),
    ("/v1/series/hashprice.csv", 2),
    ("/", 8),
    ("/now/hero", 8),
    ("/now/pictures", 6),
    ("/network", 4),
    ("/site", 2),
    ("/system", 2),
    ("/charts/", 10),
    ("/static/wattshift.css", 4),
    ("/static/vendor/uPlot.iife.min.js", 2),
    ("/metrics", 1),
    ("/health/ready", 1),
)
"""What normal users ask, by weight."""

_CURVES = ("hashrate", "intervals", "difficulty", "hashprice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of the service.

    Args:
        port: where it listens.
        seconds_s: for how long requests are sent [s].
        per_s: requests in a second.
        streams: dashboards that listen.
        worst: worst requests at once; 0 for none.
        newest_s: the newest instant that may be asked about [s since 1970].
    """

    port: int
    seconds_s: float
    per_s: float
    streams: int
    worst: int
    newest_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """What became of the requests of one sort: how long those took that were answered, and every status."""

    waits_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    late_s: list[float] = field(default_factory=list)

    @property
    def all_s(self) -> list[float]:
        """All waits."""
        return sorted(wait for waits in self.waits_s.values() for wait in waits)


# --- normal requests ---------------------------------------------------------------------------------------


class _Asker:
    """Makes requests as browsers and programs do; half of those who may send the entity tag they hold."""

    def __init__(self, seed: int, newest_s: float) -> None:
        self._rng = random.Random(seed)  # noqa: S311  # a schedule, no secret
        self._newest_s = newest_s
        self._etags: dict[str, str] = {}

    def next(self) -> tuple[str, bytes]:
        names, weights = zip(*_MIX, strict=True)
        (name,) = self._rng.choices(names, weights)
        path = self._chart() if name == "/charts/" else name
        headers = {"Accept-Encoding": "gzip"}
        if name in self._etags and self._rng.random() < 0.5:
            headers["If-None-Match"] = self._etags[name]
        return name, bytes_of("GET", path, headers)

    def hear(self, name: str, answer: Answer) -> None:
        if answer.etag:
            self._etags[name] = answer.etag

    def _chart(self) -> str:
        """A stretch that somebody has panned and zoomed to."""
        days = math.exp(self._rng.uniform(math.log(7), math.log(2_000)))
        end_s = self._newest_s - self._rng.uniform(0, 300) * _DAY_S
        stretch = f"start={end_s - days * _DAY_S:.0f}&end={end_s:.0f}"
        return f"/charts/{self._rng.choice(_CURVES)}?{stretch}&width=1200"


async def send_normal(load: Load, _: Connection) -> Tally:
    """Send requests at fixed instants."""
    tally, asker = Tally(), _Asker(7, load.newest_s)
    free: asyncio.LifoQueue[Wire] = asyncio.LifoQueue()
    for wire in (Wire(_HOST, load.port) for _ in range(_WIRES)):
        free.put_nowait(wire)
    begun_s = time.monotonic() + 0.2

    async def ask(due_s: float) -> None:
        name, request = asker.next()
        wire = await free.get()
        try:
            answer = await wire.ask(request)
            tally.statuses[name, answer.status] += 1
            asker.hear(name, answer)
        except (OSError, EOFError):
            tally.statuses[name, 0] += 1
        else:
            tally.waits_s[name].append(time.monotonic() - due_s)
        finally:
            free.put_nowait(wire)

    under_way = set()
    for number in range(round(load.seconds_s * load.per_s)):
        due_s = begun_s + number / load.per_s
        while (left_s := due_s - time.monotonic()) > 0:
            await asyncio.sleep(left_s)
        tally.late_s.append(time.monotonic() - due_s)
        task = asyncio.create_task(ask(due_s))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    return tally


# --- the worst that may be asked ---------------------------------------------------------------------------


def _worst_requests(rng: random.Random, newest_s: float) -> Iterator[tuple[str, bytes]]:
    """For ever: each asks for as much as it may, and for what nobody has asked before."""
    text = ("The hashrate fell by 40% to 512 EH/s in June 2026 and Bitcoin was $12,345. " * 4_000)[:262_000]
    simulation = json.dumps({"scenario": "halving-2028", "paths": 20_000, "horizon_days": 1_100}).encode()
    while True:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest_s - rng.uniform(0, 200) * _DAY_S))
        for place in ("series/hashrate", "series/hashprice"):
            grid = f"at={at}&step=10min&limit=10000&start_at={_before(at, 69)}"
            yield place, bytes_of("GET", f"/v1/{place}?{grid}")
        yield "series/difficulty", bytes_of("GET", f"/v1/series/difficulty?at={at}")
        yield "series/power", bytes_of("GET", f"/v1/series/power?at={at}&start_at={_before(at, 100)}")
        for place in ("stress", "site-plan", "score?periods=12&", "brief", "why", "now", "security"):
            word = place if "?" in place else f"{place}?"
            yield place.partition("?")[0], bytes_of("GET", f"/v1/{word}at={at}")
        yield "check", bytes_of("POST", "/v1/check", {"Content-Type": "text/plain"}, text.encode())
        json_type = {"Content-Type": "application/json"}
        yield "simulate", bytes_of("POST", "/v1/simulations", json_type, simulation)
        far = f"start=0&end={newest_s:.0f}&width=4000"
        yield "charts", bytes_of("GET", f"/charts/intervals?{far}")
        yield "charts csv", bytes_of("GET", f"/charts/intervals/csv?{far}")


def _before(at: str, days: float) -> str:
    seconds_s = time.mktime(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - days * _DAY_S
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds_s))


async def send_worst(load: Load, _: Connection) -> Tally:
    """Send the worst requests, so many at once, each sent as soon as the one before is answered."""
    tally, rng = Tally(), random.Random(11)  # noqa: S311  # likewise
    requests = _worst_requests(rng, load.newest_s)
    end_s = time.monotonic() + load.seconds_s

    async def ask_on() -> None:
        wire = Wire(_HOST, load.port)
        while time.monotonic() < end_s:
            name, request = next(requests)
            begun_s = time.monotonic()
            try:
                answer = await asyncio.wait_for(wire.ask(request), max(1.0, end_s + 5 - begun_s))
            except (OSError, EOFError, TimeoutError):
                wire = Wire(_HOST, load.port)
                tally.statuses[name, 0] += 1
            else:
                tally.statuses[name, answer.status] += 1
                tally.waits_s[name].append(time.monotonic() - begun_s)
                if answer.status in {429, 503}:
                    await asyncio.sleep(0.05)

    await asyncio.gather(*(ask_on() for _ in range(load.worst)))
    return tally


# --- dashboards that listen --------------------------------------------------------------------------------


@dataclass(slots=True)
class Heard:
    """What streams heard: when each event came to each, and what was in it."""

    arrivals_s: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    as_of: dict[int, float] = field(default_factory=dict)
    lost: int = 0


class _Stream(asyncio.Protocol):
    _EVENT = re.compile(rb"id: (\d+)\nevent: now\ndata: (.*?)\n\n", re.DOTALL)

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(bytes_of("GET", "/v1/live", {"Accept": "text/event-stream"}))

    def data_received(self, data: bytes) -> None:
        now_s = time.monotonic()
        self._rest += data
        end = 0
        for event in self._EVENT.finditer(self._rest):
            number, end = int(event[1]), event.end()
            self._heard.arrivals_s[number].append(now_s)
            if number not in self._heard.as_of:
                told = datetime.fromisoformat(json.loads(event[2])["as_of"])
                self._heard.as_of[number] = told.timestamp()
        self._rest = self._rest[end:]

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._heard.lost += 1


async def listen(load: Load, pipe: Connection) -> Heard:
    """Open all streams, say so, and listen until something comes through the pipe."""
    heard, loop = Heard(), asyncio.get_running_loop()
    transports = []
    for _ in range(load.streams):
        transport, _ = await loop.create_connection(lambda: _Stream(heard), _HOST, load.port)
        transports.append(transport)
    pipe.send("listening")
    while not pipe.poll():
        await asyncio.sleep(0.05)
    counted = Heard(arrivals_s=heard.arrivals_s, as_of=heard.as_of, lost=heard.lost)
    for transport in transports:
        transport.abort()
    return counted
