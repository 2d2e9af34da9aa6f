"""Verbs about what is kept and how it is published: data, schema."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from wattshift.cli.options import AsJson, At, open_store, show

__all__ = ["DocumentName", "data", "register", "schema"]


class DocumentName(StrEnum):
    """Whatever has a published JSON schema."""

    HASHRATE = "hashrate"
    DIFFICULTY = "difficulty"
    HASHPRICE = "hashprice"
    VALUE = "value"
    PLAN = "plan"
    SITE_PLAN = "site-plan"
    SCENARIO_PLAN = "scenario-plan"
    SAVED_PLAN = "saved-plan"
    PORTFOLIO = "portfolio"
    PORTFOLIO_FILE = "portfolio-file"
    BRIEF = "brief"
    DATA = "data"
    IMPORT = "import"
    SOURCES = "sources"
    DOCTOR = "doctor"
    CHANGES = "changes"
    ALERTS = "alerts"
    ALERTS_BACKTEST = "alerts-backtest"
    ALERT_RULES = "alert-rules"
    CHECK = "check"
    SCORE = "score"
    BACKTEST = "backtest"
    WHY = "why"
    STRESS = "stress"
    POOLS = "pools"
    SECURITY = "security"
    SIMULATION = "simulation"
    SCENARIO = "scenario"
    GRID_EFFECT = "grid-effect"
    SITE = "site"
    STATE = "state"
    FOLLOW = "follow"
    SERVE = "serve"


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command()(data)
    app.command()(schema)


def data(at: At = None, as_json: AsJson = False) -> None:
    """What history is bundled and was known: spans, sources, licences; proves every file by its hash.

    Example: wattshift data --json
    """
    from wattshift.app.history import bundled_data
    from wattshift.report.terminal.data import data_view

    show(bundled_data(open_store(), at=at), data_view, name="data", as_json=as_json)


def schema(name: Annotated[DocumentName, typer.Argument(help="Which document.")]) -> None:
    """The JSON schema of a verb's --json output, of a site file, or of the follower's settings.

    Example: wattshift schema brief
    """
    from wattshift.app.schemas import schema_of

    typer.echo(json.dumps(schema_of(name.value), indent=2))
