"""The use-case behind `wattshift doctor`: look at all that a follower stands on, and say what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path

from wattshift import __version__, tables
from wattshift.app.follow.asking import last_status
from wattshift.app.follow.probing import Probe
from wattshift.app.follow.silence import CRITICAL_S, WARNING_S
from wattshift.app.follow.wallclock import JUMP_S
from wattshift.chain.header import BlockHeader, hash_to_hex
from wattshift.chain.rules import MEDIAN_TIME_BLOCKS, median_time_past
from wattshift.clock import format_instant, from_unix
from wattshift.errors import ConfigError, Corrupt, Missing, StoreError
from wattshift.report.documents.following import CheckRow, DoctorDocument, FollowState, Verdict
from wattshift.report.words import age_in_words
from wattshift.store.bundled import BundledStore
from wattshift.store.home import Home
from wattshift.store.opening import open_ledger
from wattshift.store.port import HeaderRow
from wattshift.store.repair import Repaired, repair
from wattshift.store.series import SeriesStore

__all__ = ["examine", "mend"]

_LITTLE_BYTES = 1 << 30
_TOO_LITTLE_BYTES = 100 << 20
_FEW_FILES = 1_000
_PACKAGES = ("httpcore", "numpy", "polars", "prometheus-client", "pydantic", "rich", "typer")
_START = "start `wattshift follow`"
_RESTORE = "restore the database from its backup; what is missing then, a follower or an import brings again"
_RANK = (Verdict.OK, Verdict.WARN, Verdict.FAIL)

_Told = Callable[[str], None]
"""Is told what is looked at."""


def examine(
    home: Home,
    *,
    settings_file: Path | None,
    probes: Callable[[], Sequence[Probe]],
    now: datetime,
    told: _Told = lambda _: None,
) -> DoctorDocument:
    """Look at program, data, settings, folder, ledger, series, follower, clock and sources, in this order.

    Args:
        home: the store.
        settings_file: the settings in use; None if there are none.
        probes: asks the sources, once.
        now: the present, as this machine says.
        told: is told what is looked at.
    """
    rows: list[CheckRow] = []
    told("program and bundled data")
    rows += [_program(), _bundled()]
    if settings_file is not None:
        rows.append(_private_settings(settings_file))
    told("folder of the store")
    rows += _folder(home)
    told("ledger: every entry")
    rows += _ledger(home, now)
    told("series: every file")
    rows += _series(home)
    rows.append(_follower(home, now))
    told("sources")
    found = probes()
    rows += [_source(each) for each in found]
    rows.append(_clock(home, found, now))
    worst = max((row.verdict for row in rows), key=_RANK.index)
    return DoctorDocument(as_of=now, verdict=worst, checks=tuple(rows))


def mend(home: Home, copy: Path | None) -> Repaired:
    """Repair the ledger: its index from its own entries, and broken entries from a copy of it.

    Args:
        home: the store; nobody may be following.
        copy: a copy of this very ledger that holds the broken entries; None if none is broken.

    Raises:
        ConfigError: if a database holds the ledger: that is restored from its own backup.
        StoreError: if a broken entry is not in the copy, or another process leads.
    """
    if home.ledger_url is not None:
        raise ConfigError("a ledger in PostgreSQL is not repaired in place", hint=_RESTORE)
    if copy is None:
        return repair(home.ledger, ())
    with open_ledger(copy, write=False) as source:
        return repair(home.ledger, source.entries())


def _row(name: str, verdict: Verdict, finding: str, cure: str = "") -> CheckRow:
    return CheckRow(name=name, verdict=verdict, finding=finding, cure=cure)


def _failed(name: str, error: StoreError | ConfigError, cure: str = "") -> CheckRow:
    return _row(name, Verdict.FAIL, error.message, cure or error.hint or "")


# The program


def _program() -> CheckRow:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return _row("program", Verdict.FAIL, f"{name} is not installed", "install wattshift again")
    python = ".".join(map(str, sys.version_info[:3]))
    words = f"wattshift {__version__}, Python {python}, SQLite {sqlite3.sqlite_version}, {', '.join(found)}"
    return _row("program", Verdict.OK, words)


def _bundled() -> CheckRow:
    store = BundledStore()
    try:
        for name in store.files:
            store.read_checked(name)
    except StoreError as error:
        return _failed("bundled data", error)
    return _row("bundled data", Verdict.OK, f"{len(store.files)} files are what was shipped")


def _private_settings(path: Path) -> CheckRow:
    if os.name != "nt" and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        finding = f"{path} can be written by others: they could send the follower to sources of theirs"
        return _row("settings", Verdict.WARN, finding, f"chmod go-w {path}")
    return _row("settings", Verdict.OK, f"{path} is sound and written by its owner only")


# The store


def _folder(home: Home) -> Iterator[CheckRow]:
    folder = home.folder
    if not folder.exists():
        yield _row("folder", Verdict.WARN, f"{folder} does not exist yet", _START)
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        cure = f"let this user read and write {folder}"
        yield _row("folder", Verdict.FAIL, f"{folder} cannot be written by this user", cure)
    elif os.name != "nt" and folder.stat().st_mode & stat.S_IWOTH:
        yield _row("folder", Verdict.WARN, f"{folder} can be written by everybody", f"chmod o-w {folder}")
    else:
        yield _row("folder", Verdict.OK, f"{folder} can be written")
    yield _space(folder)


def _space(folder: Path) -> CheckRow:
    free_bytes = shutil.disk_usage(folder).free
    words = f"{free_bytes / (1 << 30):,.1f} GiB are free"
    if hasattr(os, "statvfs"):
        found = os.statvfs(folder)
        if found.f_files and found.f_favail < _FEW_FILES:
            words = f"the disk has room for {found.f_favail} more files only"
            return _row("disk", Verdict.FAIL, words, "remove small files that nobody needs")
    if free_bytes < _TOO_LITTLE_BYTES:
        return _row("disk", Verdict.FAIL, words, "free some space: nothing is kept on a full disk")
    if free_bytes < _LITTLE_BYTES:
        return _row("disk", Verdict.WARN, words, "free some space before it is too late")
    return _row("disk", Verdict.OK, words)


def _ledger(home: Home, now: datetime) -> Iterator[CheckRow]:
    try:
        with open_ledger(home.ledger_place, write=False) as ledger:
            count = ledger.verify()
            tip = ledger.tip()
    except Missing:
        yield _row(
            "ledger", Verdict.WARN, "nothing is kept yet", "start `wattshift follow`, or import a file"
        )
        return
    except (StoreError, ConfigError) as error:
        yield _failed("ledger", error, _ledger_cure(home, error))
        return
    yield _row("ledger", Verdict.OK, f"{count:,} entries are what was recorded")
    yield _tip(tip, now)


def _ledger_cure(home: Home, error: StoreError | ConfigError) -> str:
    if not isinstance(error, Corrupt):
        return error.hint or ""
    if home.ledger_url is not None:
        return f"stop the follower, then {_RESTORE}"
    where = f" (entry {error.context['seq']})" if "seq" in error.context else ""
    return (
        f"stop the follower, then `wattshift --store {home.folder} doctor --repair --from COPY` with a copy"
        f" of the ledger that holds what is broken{where}; without a copy, leave out --from: that mends what"
        " follows from the entries"
    )


def _tip(tip: HeaderRow | None, now: datetime) -> CheckRow:
    if tip is None:
        return _row("tip", Verdict.WARN, "no header is kept yet", _START)
    block_at = from_unix(BlockHeader.parse(tip.header).time_s)
    age_s = (now - block_at).total_seconds()
    words = f"block {tip.height:,} {hash_to_hex(tip.block_hash)}, {age_in_words(age_s)}"
    if age_s > CRITICAL_S:
        return _row(
            "tip", Verdict.WARN, words, "see that `wattshift follow` runs, and on a source that is current"
        )
    return _row("tip", Verdict.OK if age_s <= WARNING_S else Verdict.WARN, words)


def _series(home: Home) -> Iterator[CheckRow]:
    store, rows, kept = SeriesStore(home.series), 0, 0
    for name in sorted(tables.TABLES):
        if not (home.series / name).exists():
            continue
        try:
            rows, kept = rows + store.verify(name), kept + 1
        except StoreError as error:
            yield _failed(f"series {name}", error)
    yield _row("series", Verdict.OK, f"{rows:,} rows in {kept} sound tables")


def _follower(home: Home, now: datetime) -> CheckRow:
    try:
        found = last_status(home, now=now)
    except StoreError as error:
        return _failed("follower", error)
    told = "; ".join(found.told)
    row = found.follower
    if row is None:
        return _row("follower", Verdict.WARN, "none has run here", _START)
    words = f"process {row.pid}, {found.state}, last heard of {format_instant(row.heartbeat_at)}"
    words = f"{words}: {told}" if told else words
    if found.state in {FollowState.FOLLOWING, FollowState.SYNCING}:
        return _row("follower", Verdict.OK, words)
    if found.state is FollowState.BLOCKED:
        return _row(
            "follower", Verdict.FAIL, words, "see to what it says; the follower then goes on by itself"
        )
    cure = _START
    if found.state is FollowState.DEGRADED:
        cure = "see the sources below; add one that is independent of the others"
    return _row("follower", Verdict.WARN, words, cure)


# The world


def _source(found: Probe) -> CheckRow:
    name = f"source {found.source.spec.name}"
    if found.error is None:
        return _row(name, Verdict.OK, found.finding)
    return _row(name, Verdict.FAIL, found.error.message, found.error.hint or "")


def _clock(home: Home, probes: Sequence[Probe], now: datetime) -> CheckRow:
    # By size: of two servers one alone shall not talk anybody into setting a clock that is right.
    offsets_s = sorted((each.ahead_s for each in probes if each.ahead_s is not None), key=abs)
    if offsets_s:
        middle_s = offsets_s[(len(offsets_s) - 1) // 2]
        words = f"{len(offsets_s)} servers are {middle_s:+.0f} s from this machine's clock"
        if abs(middle_s) > JUMP_S:
            return _row("clock", Verdict.FAIL, words, "set the clock by NTP")
        return _row("clock", Verdict.OK, words)
    past_s = _median_time_past_s(home)
    if past_s is None:
        return _row(
            "clock", Verdict.WARN, "nothing is there to compare it with", "name a source that speaks HTTP"
        )
    if now <= from_unix(past_s):
        return _row(
            "clock", Verdict.FAIL, "it is behind the median time of the newest blocks", "set it by NTP"
        )
    return _row("clock", Verdict.OK, "it is ahead of the newest blocks, as it must be; no server was heard")


def _median_time_past_s(home: Home) -> int | None:
    """Median time of the newest blocks that are kept [s since 1970]."""
    try:
        with open_ledger(home.ledger_place, write=False) as ledger:
            tip = ledger.tip()
            if tip is None:
                return None
            rows = ledger.headers(max(0, tip.height - MEDIAN_TIME_BLOCKS + 1), tip.height + 1)
    except (StoreError, ConfigError):
        return None
    by_height = groupby(rows, key=lambda row: row.height)
    return median_time_past([BlockHeader.parse(next(same).header).time_s for _, same in by_height])
