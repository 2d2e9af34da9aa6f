"""The use-case `simulate`: a scenario from a start that was known, and what its paths have in common."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from wattshift.app.engine.port import Engine
from wattshift.app.scoring import Progress
from wattshift.app.securitystate import AttackGiven as MeasuredAttack
from wattshift.app.securitystate import security_origins, security_state
from wattshift.app.simulating.build import build_scenario
from wattshift.app.simulating.courses import (
    course_rows,
    difference_rows,
    figure_rows,
    forward_rows,
    instant_of,
    marked_days,
    retarget_rows,
    shown_days,
    state_rows,
)
from wattshift.app.simulating.paths import run_paths
from wattshift.app.simulating.safety import safety_rows
from wattshift.app.simulating.twins import where_all_stay, without_ai
from wattshift.app.simulating.waits import wait_rows
from wattshift.app.snapshot import Archive, Snapshot
from wattshift.config.scenario import ScenarioFile
from wattshift.report.documents.simulation import Comparison, DepartureRow, Effect, SimulationDocument
from wattshift.report.simulationwords import (
    capped_in_words,
    differences_in_words,
    event_in_words,
    exit_in_words,
    price_in_words,
    pull_in_words,
    simulation_in_words,
)
from wattshift.simulate.result import NetworkForecast
from wattshift.simulate.scenario import Scenario

__all__ = ["simulate"]


def simulate(
    archive: Archive,
    file: ScenarioFile,
    *,
    at: datetime | None = None,
    other: ScenarioFile | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> SimulationDocument:
    """Simulate a scenario, and its twins: where nobody leaves, and if AI pulls, without AI.

    Args:
        archive: the kept history.
        file: the scenario.
        at: the start; by default the file's, else the newest instant known.
        other: a second scenario to compare with; it takes start, horizon, paths and seed of the first.
        engine: where the paths are run; by default in threads of this process.
        threads: how many; by default one for each core.
        progress: told (done, total) shards of all runs.

    Raises:
        OutOfSpan: if the network is not known well enough at the start.
        InputError: if parts of a file contradict each other.
        SolveError: if a shard ends whatever process takes it.
    """
    snapshot = archive.as_of(at or file.at)
    scenario = build_scenario(snapshot, file)
    scenarios = [scenario, where_all_stay(scenario)]
    if scenario.ai is not None:
        scenarios.append(without_ai(scenario))
    if other is not None:
        same = replace(other, at=file.at, horizon_days=file.horizon_days, paths=file.paths, seed=file.seed)
        scenarios.append(build_scenario(snapshot, same))
    found, *twins = [
        run_paths(each, engine=engine, threads=threads, progress=_part(progress, number, len(scenarios)))
        for number, each in enumerate(scenarios)
    ]
    effect = _effect(twins[0], found)
    told = [exit_in_words(effect.differences)]
    document = _document(snapshot, file, scenario, found, effect)
    if scenario.ai is not None:
        effect = _effect(twins[1], found)
        told.append(pull_in_words(effect.differences))
        document = replace(document, ai_effect=effect)
    if other is not None:
        comparison = _comparison(same, found, twins[-1])
        told.append(differences_in_words(same.name, comparison.differences))
        document = replace(document, comparison=comparison)
    return replace(document, in_words=(*document.in_words, *told))


def _effect(without: NetworkForecast, found: NetworkForecast) -> Effect:
    return Effect(without=figure_rows(without), differences=difference_rows(without, found))


def _part(progress: Progress | None, number: int, runs: int) -> Progress | None:
    """Tells the progress of one run as that of all."""
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, runs * total)


def _document(
    snapshot: Snapshot, file: ScenarioFile, scenario: Scenario, found: NetworkForecast, exit_effect: Effect
) -> SimulationDocument:
    marks = marked_days(found)
    courses, figures = course_rows(found), figure_rows(found)
    departures = _departures(found)
    told = simulation_in_words(courses, figures, departures, days=found.horizon_days)
    state = security_state(snapshot, _attack(file))
    return SimulationDocument(
        as_of=snapshot.as_of,
        scenario=file.name,
        note=file.note,
        until_at=instant_of(snapshot.as_of, found.horizon_days - 1),
        paths=found.paths,
        seed=found.seed,
        engine=found.engine,
        price=price_in_words(scenario.price),
        events=tuple(event_in_words(event) for event in scenario.events),
        marks_at=tuple(instant_of(found.as_of, day) for day in marks),
        states=state_rows(found, marks),
        at=tuple(instant_of(found.as_of, day) for day in shown_days(found.horizon_days)),
        courses=courses,
        retargets=retarget_rows(found, scenario),
        forward=forward_rows(found),
        waits=wait_rows(found, file.backlogs),
        attacker_frac=file.attack.attacker_frac,
        confirmations=file.attack.confirmations,
        machine=state.attack.machine,
        safety=safety_rows(found, marks, file.attack, state.attack.machine),
        power_usd_per_mwh=tuple(float(each) for each in scenario.fleet.power_usd_per_mwh),
        departures=departures,
        figures=figures,
        exit_effect=exit_effect,
        ai_effect=None,
        comparison=None,
        in_words=(*told, *capped_in_words(found.capped)),
        origins=security_origins(snapshot, state),
    )


def _attack(file: ScenarioFile) -> MeasuredAttack:
    given = file.attack
    return MeasuredAttack(
        machine_usd_per_th=given.machine_usd_per_th, power_usd_per_mwh=given.power_usd_per_mwh
    )


def _departures(found: NetworkForecast) -> tuple[DepartureRow, ...]:
    return tuple(
        DepartureRow(
            cause=each.cause,
            total_gw=each.total_gw,
            by_power_gw=tuple(float(power) for power in each.by_power_gw),
        )
        for each in found.departures
    )


def _comparison(file: ScenarioFile, found: NetworkForecast, other: NetworkForecast) -> Comparison:
    return Comparison(
        scenario=file.name,
        note=file.note,
        differences=difference_rows(found, other),
        courses=course_rows(other),
    )
