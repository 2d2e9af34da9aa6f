from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from support.children import child_environment
from support.tasks import crash, eat, hang, refuse, square, told_square
from wattshift.app.engine.leash import Leash
from wattshift.app.engine.telling import tell
from wattshift.app.engine.worker import WorkerDied
from wattshift.errors import LimitReached, Overrun

PATIENCE_S = 30.0


@pytest.fixture
def leash() -> Iterator[Leash]:
    opened = Leash()
    yield opened
    opened.close()


def lives(process_id: int) -> bool:
    """Whether it runs; one that has ended and that nobody has buried does not."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").split()[2]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_process_is_started_when_it_is_needed_and_kept(leash: Leash) -> None:
    assert leash.process_id is None
    assert leash.call(square, 3, wall_s=PATIENCE_S) == 9
    first = leash.process_id
    assert leash.call(square, 4, wall_s=PATIENCE_S) == 16
    assert leash.process_id == first


def test_what_takes_too_long_is_ended_and_the_next_call_finds_another_process(leash: Leash) -> None:
    leash.call(square, 1, wall_s=PATIENCE_S)
    first = leash.process_id
    assert first is not None
    begun_s = time.monotonic()
    with pytest.raises(Overrun) as caught:
        leash.call(hang, 0, wall_s=0.3)
    assert 0.3 <= time.monotonic() - begun_s < 1.5
    assert caught.value.context["wall_s"] == 0.3
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert leash.call(square, 5, wall_s=PATIENCE_S) == 25


def test_a_process_stands_back_as_far_as_it_is_told() -> None:
    here = os.getpriority(os.PRIO_PROCESS, 0)
    leash = Leash(niceness=5)
    assert leash.call(square, 3, wall_s=60.0) == 9
    assert leash.process_id is not None
    assert os.getpriority(os.PRIO_PROCESS, leash.process_id) == min(19, here + 5)
    leash.close()


def test_a_crash_is_no_overrun(leash: Leash) -> None:
    with pytest.raises(WorkerDied) as caught:
        leash.call(crash, 0, wall_s=PATIENCE_S)
    assert caught.value.context["signal"] == signal.SIGSEGV


def test_memory_has_a_limit(leash: Leash) -> None:
    with pytest.raises(LimitReached, match="memory"):
        leash.call(eat, 10 << 30, wall_s=PATIENCE_S, max_bytes=2 << 30)
    assert leash.call(square, 2, wall_s=PATIENCE_S) == 4


def test_an_error_of_the_function_leaves_the_process_alone(leash: Leash) -> None:
    leash.call(square, 1, wall_s=PATIENCE_S)
    first = leash.process_id
    with pytest.raises(ValueError, match="three"):
        leash.call(refuse, 3, wall_s=PATIENCE_S)
    assert leash.process_id == first


def test_news_come_before_the_answer(leash: Leash) -> None:
    news: list[object] = []
    assert leash.call(told_square, 4, wall_s=PATIENCE_S, told=news.append) == 16
    assert news == [0, 1, 2, 3]
    tell("nobody")  # in this process nobody hears it


def test_close_frees_whoever_waits_and_is_final(leash: Leash) -> None:
    leash.call(square, 1, wall_s=PATIENCE_S)
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            leash.call(hang, 0, wall_s=PATIENCE_S)
        except WorkerDied as error:
            raised.append(error)

    waiting = Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    leash.close()
    waiting.join(timeout=PATIENCE_S)
    assert len(raised) == 1
    with pytest.raises(WorkerDied):
        leash.call(square, 1, wall_s=PATIENCE_S)
    assert leash.process_id is None


def test_a_child_does_not_outlive_a_parent_that_is_killed() -> None:
    code = (
        "from support.tasks import hang\n"
        "from wattshift.app.engine.leash import Leash\n"
        "leash = Leash()\nleash.start()\nprint(leash.process_id, flush=True)\n"
        "leash.call(hang, 0, wall_s=60.0)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=child_environment()
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(1.0)
        parent.kill()
    end_s = time.monotonic() + PATIENCE_S
    while lives(child):
        assert time.monotonic() < end_s, "the child lives on"
        time.sleep(0.1)
