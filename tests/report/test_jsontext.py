from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType

import jsonschema
import pytest

from support.documents import hostile
from wattshift.errors import CheckFailed
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.site import PlanDocument, ValueDocument
from wattshift.report.jsontext import SCHEMA_VERSION, json_schema, plain, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    at: datetime
    on: date
    colour: Colour
    figures: tuple[float, ...]
    missing: float | None


SAMPLE = Sample(
    at=datetime(2026, 1, 19, 6, tzinfo=timezone(timedelta(hours=-6))),
    on=date(2026, 1, 19),
    colour=Colour.RED,
    figures=(1.5, 2.0),
    missing=None,
)


def test_plain() -> None:
    assert plain(SAMPLE) == {
        "at": "2026-01-19T12:00:00Z",
        "on": "2026-01-19",
        "colour": "red",
        "figures": [1.5, 2.0],
        "missing": None,
    }
    assert plain(MappingProxyType({1: SAMPLE.on})) == {"1": "2026-01-19"}


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_figures_that_are_none_are_refused(figure: float) -> None:
    with pytest.raises(CheckFailed):
        to_json(replace(SAMPLE, figures=(figure,)), name="sample")


def test_json_names_its_schema_first() -> None:
    body = json.loads(to_json(SAMPLE, name="sample"))
    assert next(iter(body)) == "schema"
    assert body["schema"] == f"wattshift/sample/{SCHEMA_VERSION}"


@pytest.mark.parametrize("attacked", [False, True])
def test_the_brief_obeys_its_published_schema(document: BriefDocument, attacked: bool) -> None:
    body = json.loads(to_json(hostile(document) if attacked else document, name="brief"))
    schema = json_schema(BriefDocument, name="brief")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(body, schema, cls=jsonschema.Draft202012Validator)
    assert body["hashrate"]["mean_ehs"] == document.hashrate.mean_ehs
    assert body["month"]["series"]["load_mw"][0] == list(document.month.series.load_mw[0])


def test_value_and_plan_obey_theirs(worth: ValueDocument, planned: PlanDocument) -> None:
    for name, each in (("value", worth), ("plan", planned)):
        schema = json_schema(type(each), name=name)
        jsonschema.validate(json.loads(to_json(each, name=name)), schema)


def test_a_schema_refuses_what_is_not_the_document(document: BriefDocument) -> None:
    schema = json_schema(BriefDocument, name="brief")
    body = json.loads(to_json(document, name="brief"))
    for broken in ({**body, "schema": "wattshift/brief/999"}, {**body, "more": 1}, {**body, "as_of": 7}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
    del body["hashrate"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, schema)
