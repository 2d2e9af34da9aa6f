"""Keeping a proved plan in a file, and reading it back: whole, unchanged, or not at all.

The file holds the hash of its own content, so what was cut short, or changed by hand or by a disk, is
refused. A plan that is read is only ever used as far as it is proved anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from wattshift.allocate.coupled.infeasible.fingerprint import fingerprint
from wattshift.allocate.coupled.infeasible.lastplan import LastPlan
from wattshift.allocate.coupled.plan import CoupledPlan
from wattshift.allocate.coupled.problem import CoupledProblem
from wattshift.app.siteplan.rows import instants
from wattshift.app.siteplan.solving import PricedPlan
from wattshift.errors import Corrupt, Missing, SchemaMismatch
from wattshift.provenance import Origin
from wattshift.report.documents.savedplan import BackedPower, PartPower, SavedPlanDocument, StepPower
from wattshift.report.files import write_text
from wattshift.report.jsontext import SCHEMA_VERSION, plain

__all__ = ["DEFAULT_LIFE_S", "SaveTo", "last_plan_of", "read_saved", "saved_of", "sealed", "write_saved"]

_Row: TypeAlias = NDArray[np.float64]

DEFAULT_LIFE_S = 6 * 3_600.0
_MAX_BYTES = 64_000_000
_SCHEMA = f"wattshift/saved-plan/{SCHEMA_VERSION}"
_MOST_MW = 1e6
_FIRST_YEAR, _LAST_YEAR = 1900, 9999
_SAVE_AGAIN = "save a new plan with --save"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveTo:
    """Where a plan is kept, and for how long it may be used.

    Args:
        path: the file.
        life_s: from its first interval, or from what it knew if that is earlier [s].
    """

    path: Path
    life_s: float = DEFAULT_LIFE_S


def saved_of(
    site: str,
    as_of: datetime,
    problem: CoupledProblem,
    found: PricedPlan,
    origins: tuple[Origin, ...],
    life_s: float,
) -> SavedPlanDocument:
    """A plan as it is kept.

    Args:
        site: name of the site.
        as_of: what was known then went into it.
        problem: what was planned.
        found: its proved plan.
        origins: its inputs.
        life_s: how long it may be used [s].
    """
    plan, starts = found.plan, instants(problem)
    unsealed = SavedPlanDocument(
        sha256="",
        site=site,
        made_at=as_of,
        expires_at=min(as_of, starts[0]) + timedelta(seconds=life_s),
        problem_sha256=fingerprint(problem),
        inputs=origins,
        profit_usd=found.account.profit_usd,
        start_at=starts,
        hours=_figures(problem.hours),
        bought_mw=_figures(plan.bought_mw),
        block_mw=_figures(plan.block_mw),
        fed_in_mw=_figures(plan.fed_in_mw),
        loads=tuple(
            StepPower(name=name, step_mw=tuple(_figures(row) for row in rows))
            for name, rows in plan.step_mw.items()
        ),
        jobs=_parts(plan.job_mw),
        charging=_parts(plan.charge_mw),
        discharging=_parts(plan.discharge_mw),
        generators=_parts(plan.made_mw),
        reserves=tuple(
            BackedPower(reserve=reserve, backer=backer, power_mw=_figures(row))
            for (reserve, backer), row in plan.reserve_mw.items()
        ),
    )
    return sealed(unsealed)


def sealed(saved: SavedPlanDocument) -> SavedPlanDocument:
    """The same with the hash of its content."""
    return replace(saved, sha256=_hash(plain(saved)))


def write_saved(path: Path, saved: SavedPlanDocument) -> None:
    """Write a plan, whole or not at all.

    Raises:
        InputError: if the file cannot be written there.
    """
    body = {"schema": _SCHEMA, **plain(saved)}
    write_text(path, json.dumps(body, allow_nan=False, ensure_ascii=False) + "\n")


def read_saved(path: Path) -> SavedPlanDocument:
    """Read a plan.

    Raises:
        Missing: if there is no such file, or it cannot be read.
        Corrupt: if it is not as it was written.
        SchemaMismatch: if it is no saved plan of this version.
    """
    body = _read(path)
    if not isinstance(body, dict) or body.pop("schema", None) != _SCHEMA:
        raise SchemaMismatch("this is no saved plan of this version", file=path, hint=_SAVE_AGAIN)
    if body.get("sha256") != _hash(body):
        raise Corrupt("the saved plan is not as it was written", file=path, hint=_SAVE_AGAIN)
    try:
        saved = TypeAdapter(SavedPlanDocument).validate_json(json.dumps(body))
    except ValidationError:
        raise SchemaMismatch("the saved plan lacks a part", file=path, hint=_SAVE_AGAIN) from None
    size = len(saved.start_at)
    if not size or any(len(row) != size for row in _rows(saved)):
        raise SchemaMismatch("the saved plan has not one number an interval", file=path, hint=_SAVE_AGAIN)
    if not _is_possible(saved):
        raise SchemaMismatch(
            "the saved plan has a number or an instant that cannot be", file=path, hint=_SAVE_AGAIN
        )
    return saved


def last_plan_of(saved: SavedPlanDocument) -> LastPlan:
    """A saved plan as the planner knows it; what batteries held is left out, it is counted anew."""
    return LastPlan(
        start=np.array([_naive(at) for at in saved.start_at], "datetime64[us]"),
        hours=np.array(saved.hours),
        plan=CoupledPlan(
            bought_mw=np.array(saved.bought_mw),
            block_mw=np.array(saved.block_mw),
            fed_in_mw=np.array(saved.fed_in_mw),
            step_mw={load.name: np.array(load.step_mw) for load in saved.loads},
            job_mw=_powers(saved.jobs),
            charge_mw=_powers(saved.charging),
            discharge_mw=_powers(saved.discharging),
            held_mwh={},
            made_mw=_powers(saved.generators),
            reserve_mw={(each.reserve, each.backer): np.array(each.power_mw) for each in saved.reserves},
        ),
        expires=np.datetime64(_naive(saved.expires_at), "us"),
    )


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Missing(
            f"the saved plan cannot be read: {error.strerror}", file=path, hint=_SAVE_AGAIN
        ) from None
    if len(content) > _MAX_BYTES:
        raise SchemaMismatch("this is no saved plan: it is too large", file=path, hint=_SAVE_AGAIN)
    try:
        return json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Corrupt("the saved plan is not JSON", file=path, hint=_SAVE_AGAIN) from None


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps({**body, "sha256": ""}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(saved: SavedPlanDocument) -> Iterator[tuple[float, ...]]:
    yield from (saved.hours, saved.bought_mw, saved.block_mw, saved.fed_in_mw)
    for load in saved.loads:
        yield from load.step_mw
    for parts in (saved.jobs, saved.charging, saved.discharging, saved.generators, saved.reserves):
        yield from (part.power_mw for part in parts)


def _is_possible(saved: SavedPlanDocument) -> bool:
    """No instant without an offset or out of all times, and no number that no site has: it could overflow."""
    instants_of = (saved.made_at, saved.expires_at, *saved.start_at)
    return all(at.tzinfo is not None and _FIRST_YEAR <= at.year < _LAST_YEAR for at in instants_of) and all(
        abs(figure) <= _MOST_MW for row in _rows(saved) for figure in row
    )


def _parts(powers: Mapping[str, _Row]) -> tuple[PartPower, ...]:
    return tuple(PartPower(name=name, power_mw=_figures(row)) for name, row in powers.items())


def _powers(parts: tuple[PartPower, ...]) -> dict[str, _Row]:
    return {part.name: np.array(part.power_mw) for part in parts}


def _figures(row: _Row) -> tuple[float, ...]:
    return tuple(row.tolist())


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)
