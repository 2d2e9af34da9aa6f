"""Folders that are made once and then kept: whole or not at all, by one process at a time."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, STDOUT, run

ATTEMPTS = 4
PAUSE_S = 3.0


def made(target: Path, make: Callable[[Path], None]) -> Path:
    """The folder, filled by `make` unless it is there; an interrupted attempt leaves nothing behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            part = target.with_name(f"{target.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(target)
    return target


def carry_out(*words: str | Path, attempts: int = 1, env: dict[str, str] | None = None) -> str:
    """Run a command and give back its output; downloads deserve another attempt."""
    for left in reversed(range(attempts)):
        ended = run(words, stdout=PIPE, stderr=STDOUT, text=True, check=False, env=env)
        if ended.returncode == 0:
            return ended.stdout
        if left:
            time.sleep(PAUSE_S)
    command = " ".join(map(str, words))
    raise RuntimeError(f"`{command}` ended with {ended.returncode}:\n{ended.stdout[-4000:]}")
