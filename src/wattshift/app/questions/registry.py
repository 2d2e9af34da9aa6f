"""All questions, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wattshift.app.questions.network import NETWORK_QUESTIONS
from wattshift.app.questions.question import AnyQuestion
from wattshift.app.questions.site import SITE_QUESTIONS

__all__ = ["QUESTIONS"]

QUESTIONS: Mapping[str, AnyQuestion] = MappingProxyType(
    {each.name: each for each in (*NETWORK_QUESTIONS, *SITE_QUESTIONS)}
)
"""All questions, by name."""
