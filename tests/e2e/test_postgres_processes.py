"""One ledger and many processes: one order, nothing lost, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from e2e.peers.postgres import PASSWORD, Postgres
from support.children import FIRST_AT, child_environment, fake_rows
from wattshift.errors import Unwritable
from wattshift.store.postgres import PostgresLedger

SCALE = int(os.environ.get("WATTSHIFT_FAULTS", "1"))
PROGRAM = Path(__file__).with_name("writers.py")
Writer = subprocess.Popen[bytes]


@contextmanager
def writers(*jobs: tuple[object, ...]) -> Iterator[list[Writer]]:
    """Processes that write; what still runs at the end is killed."""
    begun = [
        subprocess.Popen(
            [sys.executable, PROGRAM, *map(str, job)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
        )
        for job in jobs
    ]
    try:
        yield begun
    finally:
        for writer in begun:
            writer.kill()
            writer.communicate()


def wait_for_a_word(begun: list[Writer]) -> None:
    for writer in begun:
        assert writer.stdout
        assert writer.stdout.read(1) == b"."


def ends(writer: Writer) -> tuple[int, int, str]:
    """Its exit status, how many of its calls returned, and its last words."""
    told, words = writer.communicate(timeout=120)
    assert PASSWORD not in words.decode()
    assert "Traceback" not in words.decode()
    return writer.returncode, len(told), words.decode()


def records_of(ledger: PostgresLedger, name: str) -> list[int]:
    """The numbers of one writer's records in the order in which they were kept."""
    bodies = (entry.body.decode().split() for entry in ledger.records("journal"))
    return [int(number) for writer, number in bodies if writer == name]


def test_eight_writers_make_one_chain(url: str) -> None:
    PostgresLedger.lead(url).close()
    each = 100 * SCALE
    with writers(*(("join", url, f"w{n}", each) for n in range(7)), ("lead", url, 0, each)) as begun:
        assert [ends(writer)[:2] for writer in begun] == [(0, each)] * 8
    with PostgresLedger.view(url) as ledger:
        assert ledger.verify() == 8 * each
        assert ledger.headers(0, each + 1) == fake_rows(0, each)
        for n in range(7):
            assert records_of(ledger, f"w{n}") == list(range(each))


@pytest.mark.parametrize("n", [2, 8])
def test_a_race_has_one_leader(empty: Callable[[], str], n: int) -> None:
    for _ in range(2 * SCALE):
        url = empty()  # the tables are raced for, too
        with writers(*(("race", url, k, 2) for k in range(n))) as begun:
            wait_for_a_word(begun)
            for writer in begun:
                assert writer.stdin
                writer.stdin.write(b"!")
            ended = [ends(writer) for writer in begun]
        leaders = [writer.pid for writer, (status, *_) in zip(begun, ended, strict=True) if status == 0]
        assert len(leaders) == 1
        for status, told, words in ended:
            assert (status, told) == (0, 1) or (told == 0 and f"pid={leaders[0]}," in words)
        with PostgresLedger.view(url) as ledger:
            assert ledger.verify() == 1


def test_killed_writers_leave_whole_calls(url: str) -> None:
    PostgresLedger.lead(url).close()
    rng = Random(7)  # noqa: S311  # a repeatable draw, no secret
    acknowledged: dict[str, int] = {}
    for round_ in range(5 * SCALE):
        jobs = [("join", url, f"r{round_}w{n}", 10_000) for n in range(3)]
        with writers(*jobs) as begun:
            wait_for_a_word(begun)
            time.sleep(rng.uniform(0, 0.2))
            for writer in begun:
                writer.send_signal(signal.SIGKILL)
            told = [1 + ends(writer)[1] for writer in begun]
        acknowledged |= dict(zip((str(job[2]) for job in jobs), told, strict=True))
    with PostgresLedger.lead(url) as ledger:
        assert ledger.verify() >= sum(acknowledged.values())
        for name, count in acknowledged.items():
            # The call under way may have been kept, though nobody was told.
            assert records_of(ledger, name) in (list(range(count)), list(range(count + 1)))
    assert sum(acknowledged.values()) > 50


def test_a_killed_server_loses_nothing_that_it_acknowledged(url: str, database: Postgres) -> None:
    PostgresLedger.lead(url).close()
    for round_ in range(2 * SCALE):
        jobs = [("join", url, f"k{round_}w{n}", 10_000) for n in range(3)]
        first = 10_000 * round_
        with writers(*jobs, ("lead", url, first, 10_000)) as begun:
            wait_for_a_word(begun)
            time.sleep(0.1)
            database.kill()
            with ThreadPoolExecutor() as pool:
                ended = list(pool.map(ends, begun))
        database.start()
        for status, _, words in ended:
            assert status == 1
            assert words.startswith("Unwritable: ")
            assert "what to do" in words
        with PostgresLedger.lead(url) as ledger:
            ledger.verify()
            kept = [records_of(ledger, str(job[2])) for job in jobs]
            kept.append([row.height - first for row in ledger.headers(first, first + 10_000)])
        for (_, told, _), numbers in zip(ended, kept, strict=True):
            assert numbers in (list(range(1 + told)), list(range(2 + told)))


def write_nothing(_: PostgresLedger) -> None:
    pass


def write_an_entry(ledger: PostgresLedger) -> None:
    ledger._extend("journal", 0, [b"half"])


def write_a_header(ledger: PostgresLedger) -> None:
    (row,) = fake_rows(3, 1)
    ledger._index([(ledger._extend("header", 0, [row.pack()]), row.block_hash, row)])


def interrupted(database: Postgres, ledger: PostgresLedger, write: Callable[[PostgresLedger], None]) -> None:
    with ledger._writing():
        write(ledger)
        database.query("SELECT pg_terminate_backend(%s)", ledger._db.info.backend_pid)


@pytest.mark.parametrize("write", [write_nothing, write_an_entry, write_a_header])
def test_a_session_that_is_lost_in_a_transaction_keeps_nothing_of_it(
    url: str, database: Postgres, write: Callable[[PostgresLedger], None]
) -> None:
    with PostgresLedger.lead(url) as ledger:
        ledger.append_headers(fake_rows(0, 3), known_at=FIRST_AT)
        before = list(ledger.entries())
        with pytest.raises(Unwritable, match="does not answer") as caught:
            interrupted(database, ledger, write)
        assert "adds nothing" in str(caught.value.hint)
        with pytest.raises(Unwritable):
            ledger.tip()
    with PostgresLedger.lead(url) as ledger:
        assert list(ledger.entries()) == before
        assert ledger.verify() == 3
        assert ledger.append_headers(fake_rows(0, 5), known_at=FIRST_AT).new == 2
