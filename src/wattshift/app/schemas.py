"""The published JSON schemas: one for each document, and one for the site file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wattshift.config import site_schema
from wattshift.config.follow import follow_schema
from wattshift.errors import InputError
from wattshift.report.documents.backtest import BacktestDocument
from wattshift.report.documents.brief import BriefDocument
from wattshift.report.documents.changes import ChangesDocument
from wattshift.report.documents.claims import ClaimsDocument
from wattshift.report.documents.data import DataDocument
from wattshift.report.documents.following import DoctorDocument, SourcesDocument
from wattshift.report.documents.keeping import ImportDocument
from wattshift.report.documents.network import DifficultyDocument, HashpriceDocument, HashrateDocument
from wattshift.report.documents.score import ScoreDocument
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
        "backtest": BacktestDocument,
        "brief": BriefDocument,
        "data": DataDocument,
        "import": ImportDocument,
        "sources": SourcesDocument,
        "doctor": DoctorDocument,
        "score": ScoreDocument,
        "changes": ChangesDocument,
        "check": ClaimsDocument,
        "why": WhyDocument,
        "stress": StressDocument,
        "pools": PoolsDocument,
    }
)


def schema_of(name: str) -> dict[str, Any]:
    """The JSON schema of a document, of a site file for "site", or of the follower's settings for "follow".

    Raises:
        InputError: if there is no such document.
    """
    if name == "site":
        return site_schema()
    if name == "follow":
        return follow_schema()
    if name not in DOCUMENTS:
        raise InputError(f"there is no document {name!r}", hint="use one of " + ", ".join(DOCUMENTS))
    return json_schema(DOCUMENTS[name], name=name)
