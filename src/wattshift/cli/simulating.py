"""Verbs about the simulated network: simulate, example-scenario."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattshift.cli.options import AsJson, At, open_archive, show
from wattshift.cli.research import opened_engine, progress_bar, write_picture

if TYPE_CHECKING:
    from wattshift.config.scenario import ScenarioFile
    from wattshift.report.documents.simulation import SimulationDocument

__all__ = ["Named", "Other", "ReadyScenario", "example_scenario", "register", "simulate"]

Named = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="A scenario file (TOML), or the name of one that ships: ban."),
]
Other = Annotated[
    str | None,
    typer.Option(metavar="SCENARIO", help="A second one: differences path by path, with the same luck."),
]


class ReadyScenario(StrEnum):
    """The scenarios that ship with wattshift."""

    AI_PULL_FAST = "ai-pull-fast"
    AI_PULL_SLOW = "ai-pull-slow"
    BAN = "ban"
    HALVING_2028 = "halving-2028"
    HIDDEN_FLEET = "hidden-fleet"
    PRICE_HALVING = "price-halving"
    WINTER_STORM = "winter-storm"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(simulate)
    app.command(name="example-scenario")(example_scenario)


def simulate(
    scenario: Named,
    paths: Annotated[
        int | None, typer.Option(metavar="N", help="Courses drawn. Default: the file's.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(metavar="N", help="Days simulated. Default: the file's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Of all luck. Default: the file's.")] = None,
    at: At = None,
    compare: Other = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one self-contained HTML page.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw it: a file that ends in .svg or .png.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="Where: local, local:4, dask or dask:tcp://host:8786. Default: threads."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What the network does in a scenario: hashrate, difficulty, waits, hashprice, security, who leaves.

    The same scenario, start and seed give the same figures, however many processes compute them.

    Example: wattshift simulate ban --paths 2000 --html ban.html
    """
    from wattshift.app.simulating.run import simulate as run
    from wattshift.app.simulating.scenarios import open_scenario
    from wattshift.report.terminal.simulation import simulation_view
    from wattshift.simulate.run import is_compiled

    _check_files(html, picture)
    asked = _overridden(open_scenario(scenario), paths, days, seed)
    other = None if compare is None else open_scenario(compare)
    if not is_compiled():
        typer.echo("compiling the simulator, once on this machine: about ten seconds", err=True)
    with progress_bar("simulating") as progress, opened_engine(engine) as where:
        archive = open_archive(at or asked.at)
        document = run(archive, asked, at=at, other=other, engine=where, progress=progress)
    _write(document, html, picture)
    if html is None or as_json:
        show(document, simulation_view, name="simulation", as_json=as_json)


def _check_files(html: Path | None, picture: Path | None) -> None:
    """Refuse what cannot be drawn or written before the work, not after it."""
    from wattshift.report.files import require_writable
    from wattshift.report.plots.style import picture_form

    if picture is not None:
        picture_form(picture)
    for path in (html, picture):
        if path is not None:
            require_writable(path)


def _write(document: SimulationDocument, html: Path | None, picture: Path | None) -> None:
    if picture is not None:
        from wattshift.report.plots.simulation import draw_simulation

        write_picture(picture, lambda figure: draw_simulation(document, figure), "simulation")
    if html is not None:
        from wattshift.report.files import write_text
        from wattshift.report.page.simulation import simulation_html

        write_text(html, simulation_html(document))
        typer.echo(f"wrote {html}", err=True)


def _overridden(file: ScenarioFile, paths: int | None, days: int | None, seed: int | None) -> ScenarioFile:
    given = {"paths": paths, "horizon_days": days, "seed": seed}
    return replace(file, **{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]  # all whole numbers


def example_scenario(
    name: Annotated[ReadyScenario, typer.Argument(help="Which one.")] = ReadyScenario.AI_PULL_FAST,
) -> None:
    """Print a commented scenario file, to start your own from.

    Example: wattshift example-scenario ban > my-scenario.toml
    """
    from wattshift.app.simulating.scenarios import READY_SCENARIOS

    typer.echo(READY_SCENARIOS[name.value].read_text(encoding="utf-8"), nl=False)
