"""A kept plan comes back as it was, or not at all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from support.coupledsites import random_site
from support.faults import scaled
from wattshift.allocate.coupled.account import settle_coupled
from wattshift.allocate.coupled.highs import Ended
from wattshift.allocate.coupled.infeasible.lastplan import rest_of
from wattshift.allocate.coupled.planner import plan_coupled
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.schemas import schema_of
from wattshift.app.siteplan.saved import last_plan_of, read_saved, saved_of, sealed, write_saved
from wattshift.app.siteplan.solving import PricedPlan
from wattshift.errors import Corrupt, Missing, SchemaMismatch, StoreError
from wattshift.report.documents.savedplan import SavedPlanDocument

FIRST_AT = datetime(2021, 2, 14, tzinfo=UTC)
FLIPS = scaled(300, 5_000)


def saved(problem: CoupledProblem, as_of: datetime = FIRST_AT, life_s: float = 3_600.0) -> SavedPlanDocument:
    plan = plan_coupled(problem).plan
    account = settle_coupled(problem, plan)
    found = PricedPlan(plan=plan, account=account, ended=Ended.OPTIMAL, gap_usd=0.0, prices=None)
    return saved_of("site", as_of, problem, found, (), life_s)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "last.json"
    write_saved(written, saved(random_site(3, 6)))
    return written


@pytest.mark.parametrize("seed", range(40))
def test_it_comes_back_to_the_last_digit(tmp_path: Path, seed: int) -> None:
    problem = random_site(seed)
    kept = saved(problem, life_s=1e6)
    write_saved(tmp_path / "a.json", kept)
    assert read_saved(tmp_path / "a.json") == kept
    rest = rest_of(last_plan_of(read_saved(tmp_path / "a.json")), problem)
    assert rest is not None
    assert rest.problem.intervals == problem.intervals
    plan = plan_coupled(problem).plan
    for name, rows in plan.step_mw.items():
        assert np.array_equal(rest.plan.step_mw[name], rows)


def test_it_obeys_its_published_schema(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema_of("saved-plan"))


def test_its_life_begins_with_what_it_knew_or_with_its_window() -> None:
    problem = random_site(3, 6)
    hour = timedelta(hours=1)
    assert saved(problem).expires_at == FIRST_AT + hour
    assert saved(problem, FIRST_AT - 9 * hour).expires_at == FIRST_AT - 8 * hour
    assert saved(problem, FIRST_AT + 9 * hour).expires_at == FIRST_AT + hour


def test_a_flipped_bit_is_never_used(path: Path) -> None:
    whole = path.read_bytes()
    kept = read_saved(path)
    rng = np.random.default_rng(6)
    refused = 0
    for _ in range(FLIPS):
        bits = bytearray(whole)
        bits[int(rng.integers(len(bits)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(bits))
        try:
            assert read_saved(path) == kept  # white space, or a number written in another way
        except StoreError:
            refused += 1
    assert refused > 0.9 * FLIPS


@pytest.mark.parametrize("part", [0.0, 0.3, 0.99])
def test_a_torn_file_is_refused(path: Path, part: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(Corrupt, match="not JSON"):
        read_saved(path)


def test_what_is_no_saved_plan_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        read_saved(tmp_path / "no.json")
    with pytest.raises(Missing):
        read_saved(tmp_path)
    body = json.loads(path.read_text(encoding="utf-8"))
    for text in ("[]", "1", "{}", json.dumps({**body, "schema": "wattshift/saved-plan/9"}), "[" * 100_000):
        path.write_text(text, encoding="utf-8")
        with pytest.raises((SchemaMismatch, Corrupt)):
            read_saved(path)
    path.write_text(json.dumps(body).replace("null", "NaN").replace("[0.0", "[NaN"), encoding="utf-8")
    with pytest.raises(Corrupt):
        read_saved(path)


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": "2021-02-14T06:00:00"},
        {"made_at": "2021-02-14T00:00:00"},
        {"made_at": "0001-01-01T00:00:00+12:00"},
        {"expires_at": "9999-12-31T23:59:59-12:00"},
        {"start_at": ["9999-12-31T23:59:59-12:00"] * 6},
        {"bought_mw": [1e308] * 6},
        {"hours": [-1e308] * 6},
    ],
    ids=repr,
)
def test_what_cannot_be_is_refused_even_with_its_hash(path: Path, change: dict[str, object]) -> None:
    body = json.loads(path.read_text(encoding="utf-8")) | change
    schema = body.pop("schema")
    text = json.dumps({**body, "sha256": ""}, sort_keys=True, separators=(",", ":"))
    body["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps({"schema": schema, **body}), encoding="utf-8")
    with pytest.raises(SchemaMismatch, match="cannot be"):
        read_saved(path)


def test_a_plan_with_a_hole_is_refused_even_with_its_hash(path: Path) -> None:
    kept = read_saved(path)
    write_saved(path, sealed(replace(kept, bought_mw=kept.bought_mw[1:])))
    with pytest.raises(SchemaMismatch, match="one number an interval"):
        read_saved(path)
