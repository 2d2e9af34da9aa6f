"""Every endpoint of every source: a good answer is read, a bad one refused, in bounded time and memory."""

from __future__ import annotations

import copy
import json
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import pytest

from sources.conformance import EASY, NOW, TIGHT, Case, Exchange, all_cases, replay
from sources.hostile import BODIES, LINES, MEBI, SLOW, WIRES, over_http, over_lines
from wattshift.errors import SourceError
from wattshift.sources.port import Fetched

CASES = all_cases()
MAX_GROWTH = 64 * MEBI
GRACE_S = 3.0
"""What a busy machine may add to twice the limit of a call."""
HEAVY = frozenset(
    {
        "a body without end",
        "a line of 100 MB",
        "deep lists",
        "deep objects",
        "gzip bomb",
        "headers without end",
        "integer of 900,000 digits",
        "many empty lists",
        "notifications without end",
    }
)
"""Kinds whose memory is watched; watching all would take long."""

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_json_case = pytest.mark.parametrize(
    "case", [case for case in CASES if case.is_json], ids=lambda case: case.name
)


def good(case: Case) -> tuple[Fetched, object]:
    """What a good server gives, as fetched and as read."""
    with Exchange(case).opened(EASY, replay()) as (_, endpoint):
        fetched = endpoint.fetch(case.question)
        return fetched, endpoint.parse(case.question, fetched)


@each_case
def test_a_good_answer_is_read_and_its_origin_complete(case: Case) -> None:
    exchange = Exchange(case)
    with exchange.opened(EASY, replay()) as (source, endpoint):
        fetched = endpoint.fetch(case.question)
        answer = endpoint.parse(case.question, fetched)
    assert exchange.requests == case.requests
    assert case.read(answer) == case.expected
    origin = fetched.origin
    assert (origin.source, origin.upstream) == (source.name, source.upstream)
    assert all((origin.source, origin.upstream, origin.url))
    assert origin.fetched_at == NOW
    assert origin.sha256 == sha256(fetched.content).hexdigest()
    assert not [secret for secret in case.secrets if secret in str(origin) or secret in repr(source)]


@each_case
def test_parsing_is_pure(case: Case) -> None:
    fetched, answer = good(case)
    with Exchange(case).opened(EASY, replay()) as (source, endpoint):
        source.close()  # nothing can be asked any more
        before = copy.deepcopy(fetched)
        answers = [endpoint.parse(case.question, fetched) for _ in range(2)]
        source.close()
    assert fetched == before
    assert [case.read(each) for each in (*answers, answer)] == [case.expected] * 3


@each_case
def test_hostile_answers_are_refused_in_bounded_time_and_memory(case: Case) -> None:
    kinds = [*BODIES, *(LINES if case.lines else WIRES)]
    at_once = [kind for kind in kinds if kind not in SLOW - HEAVY]
    surprises = [words for kind in at_once for words in surprises_of(case, kind)]
    # Waiting for the clock goes on side by side.
    with ThreadPoolExecutor(max_workers=len(SLOW)) as threads:
        slow = threads.map(partial(surprises_of, case), sorted((SLOW - HEAVY) & {*kinds}))
        surprises += [words for found in slow for words in found]
    assert surprises == []


def surprises_of(case: Case, kind: str) -> list[str]:
    """What came of a kind of hostility at each request, where it should not have."""
    outcomes = [ask_spoiled(case, kind, spoiled) for spoiled in range(case.requests)]
    return [
        f"{kind} at request {spoiled}: {outcome.what}"
        for spoiled, outcome in enumerate(outcomes)
        if not (outcome.is_expected or kind in case.plausible)
        or any(secret in outcome.what for secret in case.secrets)
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    what: str
    is_expected: bool


def ask_spoiled(case: Case, kind: str, spoiled: int) -> Outcome:
    """Ask a server that spoils one request; anything but a SourceError or an answer comes through."""
    limits = TIGHT if kind in SLOW else EASY
    spoil = (over_lines if case.lines else over_http)(kind)
    with (
        Exchange(case, spoil, spoiled).opened(limits, replay()) as (_, endpoint),
        Bounded(kind, limits.total_s),
    ):
        try:
            answer = endpoint(case.question)
        except SourceError as error:
            return Outcome(f"{error!r}: {error}", is_expected=True)
        return Outcome(f"{answer!r}", is_expected=case.read(answer) == case.expected)


class Bounded:
    """Judges time, and for the heavy kinds memory, of what happens inside."""

    def __init__(self, kind: str, total_s: float) -> None:
        self._kind = kind
        self._most_s = 2 * total_s + GRACE_S

    def __enter__(self) -> None:
        if self._kind in HEAVY:
            tracemalloc.start()
        self._start_s = time.monotonic()

    def __exit__(self, *_: object) -> None:
        took_s = time.monotonic() - self._start_s
        peak = 0
        if self._kind in HEAVY:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert took_s <= self._most_s
        assert peak <= MAX_GROWTH


@each_case
def test_reading_eight_megabytes_of_brackets_stays_small(case: Case) -> None:
    fetched, _ = good(case)
    with Exchange(case).opened(EASY, replay()) as (_, endpoint):
        for filling in (b"[],", b'{"":1},', b"0,"):
            swollen = fetched_as(fetched, b"[" + filling * (8 * MEBI // len(filling)) + b"[]]")
            with Bounded("deep lists", EASY.total_s), pytest.raises(SourceError):
                endpoint.parse(case.question, swollen)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a document changed in one way."""

    field: str
    kind: str
    document: Any

    @property
    def names(self) -> set[str]:
        """How `Case.mapped` may speak of it."""
        return {self.field, f"{self.field}: {self.kind}"}


WRONG: tuple[object, ...] = (
    None,
    True,
    7,
    -7.5,
    "x",
    "\x00",
    "\ud800",
    "64,500.00",
    "NaN",
    [],
    [[]],
    {},
    {"a": 1},
    10**400,
)


def changes(document: Any) -> Iterator[Change]:
    """Each field missing, renamed, null and of wrong types; of a long list, the first and the last item."""
    for path, pattern in fields(document, (), "$"):
        parent, key = at(document, path[:-1]), path[-1]
        if isinstance(parent, dict):
            yield Change(pattern, "missing", without(document, path))
            yield Change(pattern, "renamed", without(document, path, renamed=f"{key}_v2"))
        for value in WRONG:
            if type(value) is not type(parent[key]):
                yield Change(pattern, "null" if value is None else "type", changed(document, path, value))


Path = tuple[str | int, ...]


def fields(node: Any, path: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    """The way to each value inside, and its name with * for the places of lists."""
    if isinstance(node, dict):
        inside = [(key, f"{pattern}.{key}") for key in node]
    elif isinstance(node, list):
        inside = [(place, f"{pattern}[*]") for place in sorted({0, len(node) - 1}) if node]
    else:
        inside = []
    for key, name in inside:
        yield (*path, key), name
        yield from fields(node[key], (*path, key), name)


def at(node: Any, path: Path) -> Any:
    for step in path:
        node = node[step]
    return node


def changed(document: Any, path: Path, value: object) -> Any:
    document = copy.deepcopy(document)
    at(document, path[:-1])[path[-1]] = value
    return document


def without(document: Any, path: Path, renamed: str | None = None) -> Any:
    document = copy.deepcopy(document)
    value = at(document, path[:-1]).pop(path[-1])
    if renamed is not None:
        at(document, path[:-1])[renamed] = value
    return document


@each_json_case
def test_each_field_is_checked_or_explicitly_mapped(case: Case) -> None:
    fetched, _ = good(case)
    accepted: set[str] = set()
    unexpected: set[str] = set()
    with Exchange(case).opened(EASY, replay()) as (_, endpoint):
        for change in changes(json.loads(fetched.content)):
            spoiled = fetched_as(fetched, json.dumps(change.document).encode())
            try:
                endpoint.parse(case.question, spoiled)
            except SourceError:
                continue
            accepted |= change.names & case.mapped
            if not change.names & case.mapped:
                unexpected.add(f"{change.field}: {change.kind}")
    assert unexpected == set()
    assert accepted == case.mapped, "mapped, and yet refused or not there"


@each_json_case
def test_an_extra_field_changes_nothing(case: Case) -> None:
    fetched, _ = good(case)
    document = json.loads(fetched.content)
    with Exchange(case).opened(EASY, replay()) as (_, endpoint):
        for path, _ in [((), "$"), *fields(document, (), "$")]:
            richer = copy.deepcopy(document)
            if isinstance(at(richer, path), dict):
                at(richer, path)["surprise"] = {"a": [None]}
                answer = endpoint.parse(case.question, fetched_as(fetched, json.dumps(richer).encode()))
                assert case.read(answer) == case.expected


def fetched_as(fetched: Fetched, content: bytes) -> Fetched:
    """Other bytes from the same place."""
    origin = fetched.origin
    return Fetched.of(
        content,
        source=origin.source,
        upstream=origin.upstream,
        url=origin.url,
        fetched_at=origin.fetched_at,
    )


def test_there_are_enough_kinds() -> None:
    assert len(BODIES) >= 27
    assert (SLOW | HEAVY) - {*BODIES, *WIRES, *LINES} == set()
