from __future__ import annotations

import ast
import inspect
from datetime import UTC, datetime, timedelta
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from wattshift.app.snapshot import Archive
from wattshift.app.why import Background, clues_about, why
from wattshift.clock import Window, from_unix, to_unix
from wattshift.errors import OutOfSpan
from wattshift.measures.why import causes, clues, gridstress, move
from wattshift.measures.why.causes import Cause, read_cause
from wattshift.report.documents.stress import WhyDocument
from wattshift.report.jsontext import plain
from wattshift.store.bundled import BundledStore

STORM_2026 = [
    ("2026-01-23", "2026-02-09"),
    ("2026-01-22", "2026-02-05"),
    ("2026-01-24", "2026-01-29"),
    ("2026-01-15", "2026-02-15"),
    ("2026-01-01", "2026-03-01"),
]
STORM_2022 = [("2022-12-21", "2022-12-28"), ("2022-12-22", "2022-12-26"), ("2022-12-15", "2023-01-05")]
STORM_2021 = [("2021-02-11", "2021-02-21"), ("2021-02-13", "2021-02-20"), ("2021-02-08", "2021-02-28")]
BAN_2021 = [
    ("2021-05-01", "2021-07-31"),
    ("2021-05-15", "2021-07-15"),
    ("2021-06-01", "2021-07-10"),
    ("2021-05-14", "2021-07-03"),
]
HALVING_2024 = [
    ("2024-04-20", "2024-05-20"),
    ("2024-04-24", "2024-05-16"),
    ("2024-04-27", "2024-05-13"),
    ("2024-04-20", "2024-06-30"),
]
JANUARY_2026 = [("2026-01-08", "2026-01-22"), ("2026-01-09", "2026-01-21")]


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def background(archive: Archive) -> Background:
    return Background.of(archive.as_of())


def window(start: str, end: str) -> Window:
    return Window(
        start_at=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end_at=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("span", "cause", "least"),
    [
        *((span, Cause.CURTAILMENT, 0.9) for span in STORM_2026),
        *((span, Cause.CURTAILMENT, 0.9) for span in STORM_2022),
        *((span, Cause.BAN, 0.9) for span in BAN_2021),
        *((span, Cause.PRICE_EXIT, 0.75) for span in HALVING_2024),
        *((span, Cause.LUCK, 0.9) for span in JANUARY_2026),
    ],
)
def test_known_events_read_right(
    background: Background, span: tuple[str, str], cause: Cause, least: float
) -> None:
    reading = read_cause(clues_about(background, window(*span)))
    assert reading.leading is cause
    assert reading.prob(cause) > least
    assert not reading.thin


@pytest.mark.parametrize("span", STORM_2021)
def test_the_storm_before_anything_was_learnt_reads_curtailment_on_thin_evidence(
    background: Background, span: tuple[str, str]
) -> None:
    """Few miners were in Texas yet: the grid's stress is plain, the move hardly is."""
    reading = read_cause(clues_about(background, window(*span)))
    assert reading.leading is Cause.CURTAILMENT
    assert reading.prob(Cause.CURTAILMENT) > 0.5
    assert reading.prob(Cause.LUCK) > 0.1
    assert "luck alone could make a move of this size" in reading.reasons


@pytest.mark.parametrize(
    ("span", "cause"),
    [(STORM_2026[1], Cause.CURTAILMENT), (BAN_2021[3], Cause.BAN), (HALVING_2024[1], Cause.PRICE_EXIT)],
)
def test_they_read_right_already_at_the_end_of_their_window(
    archive: Archive, span: tuple[str, str], cause: Cause
) -> None:
    asked = window(*span)
    document = why(archive, asked, at=asked.end_at)
    assert document.leading is cause
    assert document.move.returned_frac is None
    assert "return" in {piece.name for piece in document.evidence if not piece.known}


def test_quiet_windows_read_luck(background: Background) -> None:
    """200 random windows in which nothing stands out: luck, or evidence that is called thin."""
    rng = np.random.default_rng(7)
    first, last = to_unix(datetime(2020, 3, 1, tzinfo=UTC)), to_unix(background.blocks.as_of) - 50 * 86_400
    luck: list[float] = []
    while len(luck) < 200:
        start = from_unix(rng.uniform(first, last))
        asked = Window(start_at=start, end_at=start + timedelta(days=int(rng.choice([7, 14, 21, 28]))))
        found = clues_about(background, asked)
        if found.move.luck_prob <= 0.1:
            continue
        reading = read_cause(found)
        assert reading.leading is Cause.LUCK or reading.thin
        luck.append(reading.prob(Cause.LUCK))
    brier = np.mean((1 - np.array(luck)) ** 2)
    assert np.mean(luck) > 0.85
    assert brier < 0.05


@pytest.mark.parametrize("module", [causes, clues, gridstress, move])
def test_no_date_is_written_in_the_model(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    numbers = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    ]
    # Neither a year, nor a height, nor seconds since 1970.
    assert not [number for number in numbers if 1990 < number < 2100 or number > 100_000]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"date", "parse_instant"}
    made = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "datetime"
    ]
    assert made == []


@pytest.fixture(scope="module")
def document(archive: Archive) -> WhyDocument:
    return why(archive, window(*STORM_2026[0]))


def test_the_document_holds_the_reading(document: WhyDocument, background: Background) -> None:
    reading = read_cause(clues_about(background, window(*STORM_2026[0])))
    assert {row.cause: row.prob for row in document.causes} == dict(
        zip(reading.causes, reading.cause_prob, strict=True)
    )
    probs = [row.prob for row in document.causes]
    assert probs == sorted(probs, reverse=True)
    assert sum(probs) == pytest.approx(1)
    assert (document.causes[0].cause, document.causes[0].prob) == (document.leading, document.leading_prob)
    assert document.likelihood_order == reading.causes
    plain(document)


def test_the_words_say_what_moved_and_what_speaks_for_it(document: WhyDocument) -> None:
    assert "% below what the four weeks before let expect" in document.in_words
    assert "Most likely curtailment" in document.in_words
    assert "power price" in document.causes[0].speaks_for
    assert "thin" not in document.in_words


def test_the_words_say_when_evidence_is_thin(archive: Archive) -> None:
    found = why(archive, window(*STORM_2021[0]))
    assert found.thin
    assert "The evidence is thin: luck alone could make a move of this size" in found.in_words


class CutStore(BundledStore):
    """A store that ends at an instant."""

    def __init__(self, end_at: datetime, tip_height: int) -> None:
        super().__init__()
        self.end_at = end_at
        self.tip_height = tip_height

    def read(self, name: str) -> pl.DataFrame:
        frame = super().read(name)
        if name == "blocks":
            return frame.filter(pl.col("height") <= self.tip_height)
        if name == "difficulty_periods":
            return frame.filter(pl.col("first_height") <= self.tip_height)
        if "start" in frame.columns:
            return frame.filter(pl.col("start") + pl.duration(hours=pl.col("hours")) <= self.end_at)
        return frame


def test_nothing_after_the_instant_of_knowledge_is_used(archive: Archive) -> None:
    """The answer as of an instant is that of a store which ends there."""
    tip = archive.as_of(datetime(2026, 1, 28, tzinfo=UTC)).blocks
    at = from_unix(int(tip.running_max_s[-1]))
    asked = Window(start_at=datetime(2026, 1, 10, tzinfo=UTC), end_at=at)
    told = why(archive, asked, at=at)
    ended = why(Archive(CutStore(at, tip.tip_height)), asked)
    assert ended.as_of == told.as_of == at
    assert (ended.move, ended.causes, ended.evidence) == (told.move, told.causes, told.evidence)


def test_a_window_that_is_not_over_is_refused(archive: Archive) -> None:
    asked = window("2026-01-10", "2026-01-28")
    with pytest.raises(OutOfSpan):
        why(archive, asked, at=asked.end_at - timedelta(hours=1))


def test_a_rise_is_read_too(archive: Archive) -> None:
    document = why(archive, window("2021-08-01", "2021-08-22"))
    assert document.leading is Cause.GROWTH
    assert "above what" in document.in_words
