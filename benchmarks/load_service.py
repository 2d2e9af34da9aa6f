"""The whole service under load: dashboards that listen, requests on a schedule, and the worst there are.

Starts `wattshift serve` as a replay in a process of its own, opens streams of live values, and sends requests
at fixed instants, whatever became of those before: a wait counts from the instant at which its request was
due, so that a server that stands still cannot hide it. Streams, requests and worst cases come from processes
of their own; all share the machine's cores, and what each has used is told.

Run: python benchmarks/load_service.py                     (about 100 s)
     python benchmarks/load_service.py --worst 32          (the same, then again beside the worst requests)
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from load_clients import Heard, Load, Tally, listen, send_normal, send_worst

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_READY_S = 120.0
_LOOK_S, _LOOKS = 10.0, 24
"""Memory is looked at so often at most, and about so many times in a phase [s]."""
_HEAD = "| ms | median | 90 % | 99 % | most | n |\n|---|--:|--:|--:|--:|--:|"
_Found = TypeVar("_Found")


class Used:
    """What a process and its children use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._begun_s = self._processor_s()

    def processor_s(self) -> tuple[float, float]:
        """Of the process, and of its children together, since the beginning [s]."""
        own, others = self._processor_s()
        return own - self._begun_s[0], others - self._begun_s[1]

    def memory_mib(self) -> tuple[float, float]:
        """Resident memory of the process, and of its children together [MiB]."""
        own, *others = (_resident_kib(pid) / 1024 for pid in [self.pid, *self._children()])
        return own, sum(others)

    def _processor_s(self) -> tuple[float, float]:
        own, _, gone = _ticks(self.pid)
        living = sum(sum(_ticks(pid)[:2]) for pid in self._children())
        return own / _TICKS_PER_S, (gone + living) / _TICKS_PER_S

    def _children(self) -> list[int]:
        files = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(each) for file in files for each in file.read_text().split()]


def _ticks(pid: int) -> tuple[int, int, int]:
    """Of the process; 0; of children that have ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12]), 0, int(fields[13]) + int(fields[14])
    return 0, 0, 0


def _resident_kib(pid: int) -> int:
    with suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) if found else 0
    return 0


class Helper:
    """One process of the load; what it finds comes through a pipe."""

    def __init__(self, work: Callable[..., Coroutine[Any, Any, object]], load: Load) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_help, args=(work, load, theirs))
        self._process.start()
        theirs.close()
        self.used = Used(self._process.pid or 0)

    def found(self, kind: type[_Found]) -> _Found:
        """What it has found; waits for it."""
        found = self.pipe.recv()
        assert isinstance(found, kind), found
        return found


def _help(work: Callable[..., Coroutine[Any, Any, object]], load: Load, pipe: Any) -> None:
    pipe.send(asyncio.run(work(load, pipe)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """What was measured while requests were sent."""

    name: str
    begun_s: float
    ended_s: float
    normal: Tally
    worst: Tally | None
    server_s: tuple[float, float]
    clients_s: float
    memory_mib: list[tuple[float, float]]


def run_phase(name: str, load: Load, server_pid: int, listening: Helper) -> Phase:
    """Send requests for as long as the load says."""
    begun_s = time.monotonic()
    server, ears = Used(server_pid), Used(listening.used.pid)
    helpers = [Helper(send_normal, load)]
    if load.worst:
        helpers.append(Helper(send_worst, load))
    memory = [server.memory_mib()]
    while not helpers[0].pipe.poll(max(_LOOK_S, load.seconds_s / _LOOKS)):
        memory.append(server.memory_mib())
    normal = helpers[0].found(Tally)
    ended_s, server_s = time.monotonic(), server.processor_s()
    clients_s = ears.processor_s()[0] + sum(helper.used.processor_s()[0] for helper in helpers)
    return Phase(
        name=name,
        begun_s=begun_s,
        ended_s=ended_s,
        normal=normal,
        worst=helpers[1].found(Tally) if load.worst else None,
        server_s=server_s,
        clients_s=clients_s,
        memory_mib=memory,
    )


@contextmanager
def served(start: str, speed: float, *, port: int) -> Iterator[int]:
    """A running service that tells the present: its process."""
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("wb") as log:
        words = ["serve", "--replay", start, "--speed", str(speed), "--port", str(port)]
        process = subprocess.Popen([sys.executable, "-m", "wattshift", *words], stderr=log)
        try:
            end_s = time.monotonic() + _READY_S
            while not _tells(port):
                assert process.poll() is None, Path(log.name).read_text()
                assert time.monotonic() < end_s, "it does not tell the present"
                time.sleep(0.2)
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)
            sys.stderr.write(Path(log.name).read_text())


def _tells(port: int) -> bool:
    try:
        return _newest_s(port) > 0
    except OSError:
        return False


def _newest_s(port: int) -> float:
    """The instant of the newest edition, and with that whether there is one [s since 1970]."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = re.search(rb"\nwattshift_edition_as_of_timestamp_seconds (\S+)", answer.read())
    return float(found[1]) if found else 0.0


# --- the report --------------------------------------------------------------------------------------------


def quantile(ranked: Sequence[float], prob: float) -> float:
    """Of sorted numbers, by nearest rank."""
    return ranked[min(len(ranked) - 1, int(prob * len(ranked)))] if ranked else float("nan")


def spread_ms(values: Sequence[float]) -> str:
    """Median, 90th and 99th of a hundred, and the largest, as cells of a table."""
    ranked = sorted(values)
    return " | ".join(f"{1e3 * quantile(ranked, prob):,.0f}" for prob in (0.5, 0.9, 0.99, 1.0))


def tell_phase(phase: Phase, heard: Heard, speed: float) -> None:
    """Print what one phase has found."""
    length_s = phase.ended_s - phase.begun_s
    cores = [used_s / length_s for used_s in (*phase.server_s, phase.clients_s)]
    print(f"\n## {phase.name}: {length_s:.0f} s\n\n{_HEAD}")
    print(f"| all requests | {spread_ms(phase.normal.all_s)} | {len(phase.normal.all_s):,} |")
    for name, waits_s in sorted(phase.normal.waits_s.items()):
        print(f"| {name} | {spread_ms(waits_s)} | {len(waits_s):,} |")
    print(f"| sent too late | {spread_ms(phase.normal.late_s)} | |")
    tell_streams(phase, heard, speed)
    print(f"\ncores: server {cores[0]:.2f}, its workers {cores[1]:.2f}, clients {cores[2]:.2f}")
    print(
        "MiB, server + workers: " + ", ".join(f"{own:.0f} + {others:.0f}" for own, others in phase.memory_mib)
    )
    print(f"statuses: {_counted(phase.normal)}")
    if phase.worst is not None:
        print(f"worst: {_counted(phase.worst)}")
        for name, waits_s in sorted(phase.worst.waits_s.items()):
            statuses = {key[1]: n for key, n in phase.worst.statuses.items() if key[0] == name}
            print(f"| worst: {name} | {spread_ms(waits_s)} | {len(waits_s):,} | {statuses}")


def tell_streams(phase: Phase, heard: Heard, speed: float) -> None:
    """How long events took to all, and how long after its moment an edition came to the first."""
    within = {
        number: sorted(arrivals_s)
        for number, arrivals_s in heard.arrivals_s.items()
        if phase.begun_s <= min(arrivals_s) <= phase.ended_s
    }
    to_all = [arrival_s - arrivals_s[0] for arrivals_s in within.values() for arrival_s in arrivals_s]
    # Of each edition the replay's own clock tells when its moment was, but for a constant.
    made = {number: heard.as_of[number] / speed - arrivals_s[0] for number, arrivals_s in within.items()}
    quickest = max(made.values(), default=0.0)
    print(f"| an event, from the first stream to each | {spread_ms(to_all)} | {len(to_all):,} |")
    late = spread_ms([quickest - each for each in made.values()])
    print(f"| an edition, later than the quickest | {late} | |")
    counts = Counter(map(len, within.values()))
    print(
        f"\neditions {len(within)}, events to a stream (how many editions came to how many): {dict(counts)}"
    )


def _counted(tally: Tally) -> str:
    by_status: Counter[int] = Counter()
    for (_, status), count in tally.statuses.items():
        by_status[status] += count
    return ", ".join(f"{count:,} x {status or 'lost'}" for status, count in sorted(by_status.items()))


def main() -> None:
    """Run it."""
    told = _arguments()
    load = Load(port=told.port, seconds_s=told.seconds, per_s=told.rate, streams=told.streams, worst=0)
    with served(told.start, told.speed, port=told.port) as pid:
        load = replace(load, newest_s=_newest_s(told.port))
        Helper(send_normal, replace(load, seconds_s=told.warm)).found(Tally)
        listening = Helper(listen, load)
        listening.found(str)
        phases = [run_phase("normal", load, pid, listening)]
        if told.worst:
            phases.append(run_phase("beside the worst", replace(load, worst=told.worst), pid, listening))
        listening.pipe.send("enough")
        heard = listening.found(Heard)
    for phase in phases:
        tell_phase(phase, heard, told.speed)
    print(f"\nstreams lost: {heard.lost} of {load.streams}")
    print(f"{datetime.now(UTC):%H:%M} UTC, load of the machine {os.getloadavg()[0]:.1f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--start", default="2026-01-20", help="where the replay begins (2026-01-20)")
    parser.add_argument("--speed", type=float, default=600.0, help="seconds of history in one second (600)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long requests are sent (60)")
    parser.add_argument(
        "--warm", type=float, default=15.0, help="for so long they are sent before it counts (15)"
    )
    parser.add_argument("--rate", type=float, default=200.0, help="requests in a second (200)")
    parser.add_argument("--streams", type=int, default=1_000, help="dashboards that listen (1000)")
    parser.add_argument("--worst", type=int, default=0, help="worst requests at once, in a second phase (0)")
    parser.add_argument("--port", type=int, default=8598, help="where the service listens (8598)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
