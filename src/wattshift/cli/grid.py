"""The verb about what a load does to a region's consumers: grid-effect."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from wattshift.cli.options import AsJson, At, End, Start, open_archive, show

__all__ = [
    "Curtailable",
    "Efficiency",
    "Entry",
    "Kind",
    "KindName",
    "LoadMw",
    "Picture",
    "Strike",
    "grid_effect",
    "register",
]


class KindName(StrEnum):
    """What the load is."""

    MINING = "mining"
    AI = "ai"
    INFLEXIBLE = "inflexible"


LoadMw = Annotated[float, typer.Option(metavar="MW", help="Power of the load that comes.")]
Kind = Annotated[KindName, typer.Option(help="What it is.")]
Strike = Annotated[
    float | None, typer.Option(metavar="USD/MWH", help="Above which it stops. Default: what a MWh earns it.")
]
Efficiency = Annotated[
    float | None, typer.Option(metavar="J/TH", help="Of its machines. Default: the fleet's mean.")
]
Curtailable = Annotated[
    float | None, typer.Option(metavar="SHARE", help="What of it stops. Default: mining 1, AI 0.1.")
]
Entry = Annotated[
    float, typer.Option(metavar="SHARE", help="In the long run: supply that comes with it, of its power.")
]
Picture = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also draw it: a file that ends in .svg or .png.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("grid-effect")(grid_effect)


def grid_effect(
    load_mw: LoadMw,
    kind: Kind = KindName.MINING,
    strike: Strike = None,
    efficiency: Efficiency = None,
    curtailable: Curtailable = None,
    entry: Entry = 1.0,
    start: Start = None,
    end: End = None,
    at: At = None,
    picture: Picture = None,
    as_json: AsJson = False,
) -> None:
    """What a load would have done to the price that ERCOT's consumers pay, and the capacity it can free.

    Example: wattshift grid-effect --load-mw 2000 --kind mining --efficiency 19
    """
    from wattshift.app.grideffect import GridAsk, grid_case, grid_effect_of
    from wattshift.report.documents.grideffect import LoadKind
    from wattshift.report.plots.style import picture_form
    from wattshift.report.terminal.grideffect import grid_effect_view

    ask = GridAsk(
        load_mw=load_mw,
        kind=LoadKind(kind.value),
        strike_usd_per_mwh=strike,
        efficiency_j_per_th=efficiency,
        curtailable_frac=curtailable,
        entry_frac=entry,
        start_at=start,
        end_at=end,
    )
    if picture is not None:
        picture_form(picture)
    case = grid_case(open_archive(at), ask, at=at)
    document = grid_effect_of(case)
    if picture is not None:
        from wattshift.app.gridplots import grid_picture
        from wattshift.cli.research import write_picture
        from wattshift.report.plots.grideffect import draw_grid

        drawn = grid_picture(case, document)
        write_picture(picture, lambda figure: draw_grid(drawn, figure), "grid-effect")
    show(document, grid_effect_view, name="grid-effect", as_json=as_json)
