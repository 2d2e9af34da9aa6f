"""The published JSON schemas: one for each document, and one for the site file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wattshift.config import site_schema
from wattshift.config.alerts import alerts_schema
from wattshift.config.follow import follow_schema
from wattshift.config.portfolio import portfolio_schema
from wattshift.config.scenario import scenario_schema
from wattshift.config.serve import serve_schema
from wattshift.config.state import state_schema
from wattshift.errors import InputError
from wattshift.report.documents.alerts import AlertsBacktestDocument, AlertsDocument
from wattshift.report.documents.backtest import BacktestDocument
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.changes import ChangesDocument
from wattshift.report.documents.claims import ClaimsDocument
from wattshift.report.documents.data import DataDocument
from wattshift.report.documents.following import DoctorDocument, SourcesDocument
from wattshift.report.documents.grideffect import GridEffectDocument
from wattshift.report.documents.keeping import ImportDocument
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.portfolio import PortfolioDocument
from wattshift.report.documents.savedplan import SavedPlanDocument
from wattshift.report.documents.scenarioplan import ScenarioPlanDocument
from wattshift.report.documents.score import ScoreDocument
from wattshift.report.documents.security import SecurityDocument
from wattshift.report.documents.simulation import SimulationDocument
from wattshift.report.documents.site import PlanDocument, ValueDocument
from wattshift.report.documents.siteplan import SitePlanDocument
from wattshift.report.documents.stress import PoolsDocument, StressDocument, WhyDocument
from wattshift.report.jsontext import json_schema

__all__ = ["DOCUMENTS", "schema_of"]

DOCUMENTS: Mapping[str, type] = MappingProxyType(
    {
        "hashrate": HashrateDocument,
        "difficulty": DifficultyDocument,
        "hashprice": HashpriceDocument,
        "value": ValueDocument,
        "plan": PlanDocument,
        "site-plan": SitePlanDocument,
        "scenario-plan": ScenarioPlanDocument,
        "saved-plan": SavedPlanDocument,
        "portfolio": PortfolioDocument,
        "backtest": BacktestDocument,
        "brief": BriefDocument,
        "data": DataDocument,
        "import": ImportDocument,
        "sources": SourcesDocument,
        "doctor": DoctorDocument,
        "score": ScoreDocument,
        "changes": ChangesDocument,
        "alerts": AlertsDocument,
        "alerts-backtest": AlertsBacktestDocument,
        "check": ClaimsDocument,
        "why": WhyDocument,
        "stress": StressDocument,
        "pools": PoolsDocument,
        "security": SecurityDocument,
        "simulation": SimulationDocument,
        "grid-effect": GridEffectDocument,
    }
)


def schema_of(name: str) -> dict[str, Any]:
    """The JSON schema of a document, or of a file that people write: "site", "state", "follow", "serve" ...

    Raises:
        InputError: if there is no such document.
    """
    if name == "site":
        return site_schema()
    if name == "state":
        return state_schema()
    if name == "portfolio-file":
        return portfolio_schema()
    if name == "scenario":
        return scenario_schema()
    if name == "follow":
        return follow_schema()
    if name == "serve":
        return serve_schema()
    if name == "alert-rules":
        return alerts_schema()
    if name not in DOCUMENTS:
        raise InputError(f"there is no document {name!r}", hint="use one of " + ", ".join(DOCUMENTS))
    return json_schema(DOCUMENTS[name], name=name)
