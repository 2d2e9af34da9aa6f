"""The verb about the network's security: security."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wattshift.cli.options import AsJson, At, open_archive, show
from wattshift.clock import parse_duration_s
from wattshift.errors import InputError

if TYPE_CHECKING:
    from wattshift.app.security import Backlog
    from wattshift.app.securitystate import AttackGiven
    from wattshift.app.snapshot import Archive

__all__ = [
    "Backlogs",
    "Confirmations",
    "Elapsed",
    "Hours",
    "Idle",
    "Machine",
    "MachinePrice",
    "Picture",
    "PowerPrice",
    "Risk",
    "Share",
    "Value",
    "register",
    "security",
]

Share = Annotated[float, typer.Option("--q", metavar="SHARE", help="The attacker's share of hashrate.")]
Confirmations = Annotated[int, typer.Option(metavar="N", help="Blocks that the merchant waits for.")]
Elapsed = Annotated[str | None, typer.Option(metavar="LENGTH", help="In which time they came: 90min, 2h.")]
Value = Annotated[
    float | None, typer.Option(metavar="USD", help="A payment: how many confirmations it needs.")
]
Risk = Annotated[float, typer.Option(metavar="PROB", help="The risk to stay below.")]
Backlogs = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SAT/VB:MVB[:VB/S]", help="At a fee rate: what waits and arrives that pays more. Repeat it."
    ),
]
Machine = Annotated[float | None, typer.Option(metavar="J/TH", help="Efficiency of the machines.")]
MachinePrice = Annotated[
    float | None, typer.Option(metavar="USD/TH", help="Their price. Default: the last published one.")
]
PowerPrice = Annotated[
    float | None, typer.Option(metavar="USD/MWH", help="Price of power. Default: the surveyed median.")
]
Idle = Annotated[
    float | None, typer.Option(metavar="EH/S", help="Idle machines. Default: the fall in 90 days.")
]
Hours = Annotated[float, typer.Option(metavar="H", help="How long the attack lasts.")]
Picture = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also draw it: a file that ends in .svg or .png.")
]

_VB_PER_VMB = 1e6


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(security)


def _backlog(text: str) -> Backlog:
    """Read "5:3.2:800": at 5 sat/vB 3.2 MvB wait and 800 vB/s arrive that pay more."""
    from wattshift.app.security import Backlog

    try:
        fee, ahead, *inflow = (float(part) for part in text.split(":"))
        (rate,) = inflow or (0.0,)
    except ValueError:
        raise InputError(
            f"{text[:40]!r} is no backlog", hint="write it as 5:3.2:800, that is sat/vB : MvB ahead : vB/s"
        ) from None
    return Backlog(fee_sat_per_vb=fee, ahead_vmb=ahead, inflow_vmb_per_s=rate / _VB_PER_VMB)


def security(
    q: Share = 0.1,
    confirmations: Confirmations = 6,
    elapsed: Elapsed = None,
    value: Value = None,
    risk: Risk = 0.001,
    backlog: Backlogs = None,
    machine: Machine = None,
    machine_price: MachinePrice = None,
    power_price: PowerPrice = None,
    idle: Idle = None,
    hours: Hours = 1.0,
    at: At = None,
    picture: Picture = None,
    as_json: AsJson = False,
) -> None:
    """How safe a payment is, how long it takes, and what an attack on the network costs.

    Example: wattshift security --q 0.1 --confirmations 6 --value 1000000 --machine-price 4 --machine 19
    """
    from wattshift.app.security import SecurityAsk
    from wattshift.app.security import security as find_security
    from wattshift.report.terminal.security import security_view

    ask = SecurityAsk(
        attacker_frac=q,
        confirmations=confirmations,
        elapsed_s=None if elapsed is None else parse_duration_s(elapsed),
        value_usd=value,
        risk_prob=risk,
        backlogs=tuple(_backlog(text) for text in backlog or ()),
        hours=hours,
        attack=_given(machine, machine_price, power_price, idle),
    )
    _check_picture(picture)
    archive = open_archive(at)
    document = find_security(archive, ask, at=at)
    if picture is not None:
        _draw(archive, ask.attack, at, picture)
    show(document, security_view, name="security", as_json=as_json)


def _given(
    machine: float | None, machine_price: float | None, power_price: float | None, idle: float | None
) -> AttackGiven:
    from wattshift.app.securitystate import AttackGiven

    return AttackGiven(
        machine_usd_per_th=machine_price,
        efficiency_j_per_th=machine,
        power_usd_per_mwh=power_price,
        idle_ehs=idle,
    )


def _check_picture(picture: Path | None) -> None:
    """Refuse a name that cannot be drawn before the work, not after it."""
    from wattshift.report.plots.style import picture_form

    if picture is not None:
        picture_form(picture)


def _draw(archive: Archive, given: AttackGiven, at: datetime | None, path: Path) -> None:
    from wattshift.app.securityplots import security_picture
    from wattshift.cli.research import write_picture
    from wattshift.report.plots.security import draw_security

    drawn = security_picture(archive, at=at, given=given)
    write_picture(path, lambda figure: draw_security(drawn, figure), "security")
