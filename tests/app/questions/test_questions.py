"""Every question is answered, as document and as table, and nothing of it is without bounds."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import annotated_types
import polars as pl
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from support.serving import AT
from wattshift.app.questions.jobs import AskBacktest, AskSimulation
from wattshift.app.questions.question import AnyQuestion, World
from wattshift.app.questions.registry import QUESTIONS
from wattshift.app.service.answering.answers import Form
from wattshift.app.service.answering.rendering import rendered
from wattshift.app.sites import open_site
from wattshift.app.snapshot import Archive
from wattshift.errors import InputError, OutOfSpan
from wattshift.report.jsontext import json_schema
from wattshift.store.bundled import BundledStore

TEXT = "On 19 January 2026 the hashrate was 980 EH/s."
QUICK: dict[str, dict[str, object]] = {"score": {"periods": 1}, "check": {"text": TEXT}}


@pytest.fixture(scope="module")
def world(store: BundledStore) -> World:
    site, note = open_site(None)
    return World(archive=Archive(store), site=site, site_note=note)


def asked(question: AnyQuestion, **more: object) -> Any:
    return question.ask.model_validate({"at": AT, **QUICK.get(question.name, {}), **more})


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_as_its_schema_says(name: str, world: World) -> None:
    from jsonschema import Draft202012Validator

    question = QUESTIONS[name]
    document = question.answer(world, asked(question))
    assert isinstance(document, question.document)
    told = json.loads(rendered(question, document, Form.JSON))
    Draft202012Validator(json_schema(question.document, name=name)).validate(told)
    assert told["as_of"] <= "2026-01-20T12:00:00Z"
    if question.rows is None:
        with pytest.raises(InputError, match="no table"):
            rendered(question, document, Form.CSV)
        return
    assert question.row is not None
    columns = [field.name for field in dataclasses.fields(question.row)]
    csv, parquet = (rendered(question, document, form) for form in (Form.CSV, Form.PARQUET))
    assert csv.decode().splitlines()[0] == ",".join(columns)
    frame = pl.read_parquet(BytesIO(parquet))
    assert frame.columns == columns
    assert frame.height == len(pl.read_csv(csv)) > 0
    instants: list[Any] = [frame[column].max() for column in columns if column in {"at", "start_at"}]
    assert all(instant <= AT for instant in instants)


def test_names_and_addresses_are_unique() -> None:
    assert all(name == question.name for name, question in QUESTIONS.items())
    assert len({question.path for question in QUESTIONS.values()}) == len(QUESTIONS)


def bounds(field: FieldInfo) -> tuple[bool, bool]:
    """Whether a field is bounded below and above, wherever in its annotation that stands."""
    found = [*field.metadata]
    for part in getattr(field.annotation, "__args__", ()):
        found += [*getattr(part, "__metadata__", ())]
        for each in getattr(part, "__metadata__", ()):
            found += [*getattr(each, "metadata", ())]
    low = any(isinstance(each, annotated_types.Gt | annotated_types.Ge) for each in found)
    return low, any(isinstance(each, annotated_types.Lt | annotated_types.Le) for each in found)


def is_number(field: FieldInfo) -> bool:
    text = str(field.annotation)
    return "float" in text or "int" in text.replace("Constraint", "")


ASKS = sorted({question.ask for question in QUESTIONS.values()} | {AskSimulation, AskBacktest}, key=str)


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.__name__)
def test_every_number_that_may_be_asked_is_bounded(ask: type[BaseModel]) -> None:
    numbers = {name: field for name, field in ask.model_fields.items() if is_number(field)}
    assert {name for name, field in numbers.items() if bounds(field) != (True, True)} == set()


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.__name__)
def test_every_text_that_may_be_asked_is_bounded(ask: type[BaseModel]) -> None:
    schema = ask.model_json_schema()
    for name, field in schema["properties"].items():
        for kind in field.get("anyOf", [field]):
            if kind.get("type") == "string" and kind.get("format") != "date-time":
                assert "pattern" in kind or "maxLength" in kind, name
    assert schema["additionalProperties"] is False


def test_the_series_of_the_hashrate_is_the_hashrate(world: World) -> None:
    series, single = QUESTIONS["hashrate-series"], QUESTIONS["hashrate"]
    page = series.answer(world, asked(series, start_at=AT - timedelta(days=3)))
    row = page.rows[-1]
    one = single.answer(world, asked(single))
    assert len(page.rows) == 4
    assert row.at == AT
    assert (row.mean_ehs, row.low_ehs, row.high_ehs) == pytest.approx(
        (one.mean_ehs, one.low_ehs, one.high_ehs)
    )


def test_the_series_of_hashprice_is_what_was_known_at_each_instant(world: World) -> None:
    series, single = QUESTIONS["hashprice-series"], QUESTIONS["hashprice"]
    page = series.answer(world, asked(series, start_at=AT - timedelta(days=2)))
    for row in page.rows:
        then = single.answer(world, single.ask.model_validate({"at": row.at}))
        assert (row.usd_per_ph_day, row.low_usd_per_ph_day) == (then.usd_per_ph_day, then.low_usd_per_ph_day)


def test_pages_of_a_series_are_the_series(world: World) -> None:
    series = QUESTIONS["hashrate-series"]
    whole = series.answer(world, asked(series, step="6h", start_at=AT - timedelta(days=5)))
    ask, rows = asked(series, step="6h", start_at=AT - timedelta(days=5), limit=8), []
    assert series.next_cursor is not None
    while True:
        page = series.answer(world, ask)
        rows += page.rows
        cursor = series.next_cursor(ask)
        assert (cursor is None) == (page.next_at is None)
        if cursor is None:
            break
        ask = series.ask.model_validate({**ask.model_dump(), "cursor": cursor})
    assert [row.at for row in rows] == [row.at for row in whole.rows]
    assert [row.low_ehs for row in rows] == pytest.approx([row.low_ehs for row in whole.rows], rel=1e-9)
    assert len(rows) == 21


def test_every_known_adjustment_is_listed(world: World) -> None:
    question = QUESTIONS["difficulty-series"]
    rows = question.answer(world, asked(question)).rows
    assert [row.height for row in rows] == list(range(rows[0].height, rows[-1].height + 1, 2_016))
    assert rows[-1].at <= AT < rows[-1].at + timedelta(days=20)


def test_too_many_rows_are_refused(world: World) -> None:
    question = QUESTIONS["power-series"]
    with pytest.raises(InputError, match="10,000 rows"):
        question.answer(world, asked(question, start_at=AT - timedelta(days=200)))


@pytest.mark.parametrize(
    ("written_at", "latest"),
    [
        (None, "2026-01-20T12:00:00Z"),
        ("2026-03-01", "2026-01-20T12:00:00Z"),
        ("2025-12-01", "2025-12-01T23:59:59Z"),
    ],
)
def test_a_text_is_never_judged_by_what_came_later(written_at: str | None, latest: str, world: World) -> None:
    question = QUESTIONS["check"]
    found = question.answer(world, asked(question, text="The hashrate is 980 EH/s.", written_at=written_at))
    assert found.as_of.isoformat().replace("+00:00", "Z") == latest


def test_an_instant_before_the_history_is_out_of_span(world: World) -> None:
    question = QUESTIONS["hashrate"]
    with pytest.raises(OutOfSpan):
        question.answer(world, question.ask.model_validate({"at": "2012-01-01"}))
