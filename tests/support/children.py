"""Child processes that can be killed at any point of a standard ingest, and the process that breeds them.

`Nursery` starts this file once; for each job it forks, so that a death costs milliseconds. A child writes
one byte to a pipe for every call that returned: what it was told is safe.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from wattshift.errors import Locked, StoreError
from wattshift.store import files
from wattshift.store.ledger import SqliteLedger
from wattshift.store.port import HeaderRow, Ledger

__all__ = ["FIRST_AT", "HEADERS_A_BATCH", "Death", "Nursery", "call", "child_environment", "fake_rows"]

FIRST_AT = datetime(2026, 1, 1, tzinfo=UTC)
HEADERS_A_BATCH = 5


@dataclass(frozen=True)
class Death:
    """How a child ended: how many calls had returned, the signal it died of (0: none), its last words."""

    acknowledged: int
    signal: int
    words: str


def fake_rows(first: int, count: int, branch: str = "best") -> list[HeaderRow]:
    """Headers of no worth, the same at each call."""
    headers = ((sha256(b"%d" % height).digest() * 3)[:80] for height in range(first, first + count))
    return [
        HeaderRow(header=header, height=height, work_hashes=(height + 1) << 64, branch=branch)
        for height, header in enumerate(headers, first)
    ]


def call(ledger: Ledger, number: int) -> None:
    """The standard ingest: batches of headers, each followed by the record of its receipt."""
    known_at = FIRST_AT + timedelta(minutes=number)
    if number % 2:
        ledger.record("receipt", known_at=known_at, body=b"batch %d" % number)
    else:
        first = number // 2 * HEADERS_A_BATCH
        ledger.append_headers(fake_rows(first, HEADERS_A_BATCH), known_at=known_at)


def child_environment() -> dict[str, str]:
    """The environment of a process that imports `support`."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}


class Nursery:
    """A process without threads that forks a child for each job."""

    def __init__(self) -> None:
        # One thread each: a fork copies no threads.
        environment = {**child_environment(), "POLARS_MAX_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, job: str, path: Path, **options: Any) -> list[Death]:
        """Run a job in `n` children at once (1 unless told) and wait until all are dead."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"job": job, "path": str(path), **options}) + "\n")
        self._process.stdin.flush()
        deaths = [Death(**death) for death in json.loads(self._process.stdout.readline())]
        assert not any("Traceback" in death.words for death in deaths), deaths
        return deaths

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


# In the child


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _countdown(kill_at: int) -> Callable[[], None]:
    left = [kill_at]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            _die()

    return step


def _kill_at_statement(kill_at: int) -> None:
    """Die before the nth statement that SQLite runs."""
    step, connect = _countdown(kill_at), sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*args, **options)
        db.set_trace_callback(lambda _: step())
        return db

    vars(sqlite3)["connect"] = traced


class _DyingOs:
    """The `os` module, but for a death before the nth write, sync or removal."""

    def __init__(self, kill_at: int) -> None:
        self._step = _countdown(kill_at)

    def __getattr__(self, name: str) -> Any:
        function = getattr(os, name)
        if name not in {"open", "write", "fsync", "close"}:
            return function

        def stepped(*args: Any, **options: Any) -> Any:
            self._step()
            if name == "write":  # half of it may have reached the file
                function(args[0], bytes(args[1])[: len(args[1]) // 2])
                self._step()
                os.lseek(args[0], 0, os.SEEK_SET)
            return function(*args, **options)

        return stepped


def _kill_at_file_step(kill_at: int) -> None:
    dying = _DyingOs(kill_at)
    vars(files)["os"] = dying
    for name in ("replace", "unlink"):
        real = getattr(Path, name)

        def stepped(self: Path, *args: Any, real: Callable[..., Any] = real, **options: Any) -> Any:
            dying._step()
            return real(self, *args, **options)

        setattr(Path, name, stepped)


def _limit_files(limit: int, *, fatal: bool) -> None:
    """No file may grow beyond this size: the write that would is cut there, and fails or kills."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if fatal else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def _ingest(path: Path, told: Callable[[], object], options: dict[str, Any]) -> None:
    with SqliteLedger.lead(path) as ledger:
        for number in range(options["calls"]):
            call(ledger, number)
            told()


def _series(path: Path, told: Callable[[], object], options: dict[str, Any]) -> None:
    from support.frames import hourly
    from wattshift.store.series import SeriesStore

    for number in range(options["calls"]):
        known_at = FIRST_AT + timedelta(days=number)
        SeriesStore(path).append("btc_usd_hourly", hourly(number), known_at=known_at)
        told()


def _reorg(path: Path, told: Callable[[], object], options: dict[str, Any]) -> None:
    """Give headers to a store that starts at an easy anchor."""
    from support.chains import easy_start
    from wattshift.store.chainstore import ChainStore

    height, time_s = options["anchor"]
    start, _ = easy_start(height, time_s=time_s)
    with SqliteLedger.lead(path) as ledger:
        store = ChainStore.open(ledger, start.network, start=start, now=FIRST_AT)
        store.take(bytes.fromhex(options["headers"]), now=FIRST_AT, origin=None)
        told()


def _import(path: Path, told: Callable[[], object], options: dict[str, Any]) -> None:
    """Import files into a store of the signet."""
    from wattshift.app.importing.files import import_files
    from wattshift.chain.params import SIGNET
    from wattshift.store.home import Home
    from wattshift.store.start import Start

    def step(*_: object) -> None:
        told()

    files, start = [Path(file) for file in options["files"]], Start.genesis(SIGNET)
    import_files(files, home=Home(path), start=start, now=FIRST_AT, told=step)


def _race(path: Path, told: Callable[[], object], options: dict[str, Any]) -> None:
    """Try to lead at a common instant; the leader stays until all have tried."""
    time.sleep(max(0.0, options["start_s"] - time.time()))
    begun = time.monotonic()
    try:
        with SqliteLedger.lead(path) as ledger:
            call(ledger, 0)
            told()
            time.sleep(options["lead_s"])
    except Locked as error:
        os.write(2, f"{error.context.get('pid')} {time.monotonic() - begun:.3f}".encode())


def _backup(path: Path, told: Callable[[], object], options: dict[str, Any]) -> None:
    from wattshift.store.backup import back_up
    from wattshift.store.home import Home

    back_up(Home(path), Path(options["file"]), now=FIRST_AT)
    told()


def _restore(path: Path, told: Callable[[], object], options: dict[str, Any]) -> None:
    from wattshift.store.backup import restore
    from wattshift.store.home import Home

    restore(Path(options["file"]), Home(path))
    told()


_JOBS = {
    "backup": _backup,
    "import": _import,
    "ingest": _ingest,
    "race": _race,
    "reorg": _reorg,
    "restore": _restore,
    "series": _series,
}


def _child(job: dict[str, Any], pipe: int) -> None:
    """Never returns."""
    if "statement" in job:
        _kill_at_statement(job["statement"])
    if "file_step" in job:
        _kill_at_file_step(job["file_step"])
    if "limit" in job:
        _limit_files(job["limit"], fatal=job["fatal"])
    try:
        _JOBS[job["job"]](Path(job["path"]), lambda: os.write(pipe, b"."), job)
    except StoreError as error:
        os.write(2, f"{type(error).__name__}: {error}".encode())
    except BaseException:  # noqa: BLE001  # a forked child must not go on as its parent
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(0)


# In the process between


@contextmanager
def _born(job: dict[str, Any]) -> Iterator[tuple[int, int, int]]:
    told, telling = os.pipe()
    heard, saying = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(saying, 2)
        _child(job, telling)
    os.close(telling)
    os.close(saying)
    yield pid, told, heard
    os.close(told)
    os.close(heard)


def _end(pid: int, told: int, heard: int, acknowledged: int) -> dict[str, Any]:
    _, status = os.waitpid(pid, 0)
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    acknowledged += len(os.read(told, 65_536))
    return {"acknowledged": acknowledged, "signal": number, "words": os.read(heard, 4096).decode()}


def _run(job: dict[str, Any], left: int) -> list[dict[str, Any]]:
    with _born(job) as (pid, told, heard):
        acknowledged = 0
        if "kill_after_s" in job:
            while acknowledged < job["kill_after_calls"]:
                acknowledged += len(os.read(told, 1))
            time.sleep(job["kill_after_s"])
            os.kill(pid, signal.SIGKILL)
        others = _run(job, left - 1) if left > 1 else []
        return [_end(pid, told, heard, acknowledged), *others]


def main() -> None:
    """Serve jobs from standard input; with an argument, be the child of that one job."""
    if len(sys.argv) > 1:
        _child(json.loads(sys.argv[1]), 1)
    for name in (
        "polars",
        "support.chains",
        "wattshift.app.importing.files",
    ):  # once, here, and not in every child
        import_module(name)

    for line in sys.stdin:
        job = json.loads(line)
        sys.stdout.write(json.dumps(_run(job, job.get("n", 1))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
