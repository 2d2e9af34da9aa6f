"""All questions, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wattshift.app.questions.causes import CAUSE_QUESTIONS
from wattshift.app.questions.keeping import KEEPING_QUESTIONS
from wattshift.app.questions.network import NETWORK_QUESTIONS
from wattshift.app.questions.present import PRESENT_QUESTIONS
from wattshift.app.questions.question import AnyQuestion
from wattshift.app.questions.security import SECURITY_QUESTIONS
from wattshift.app.questions.series import SERIES_QUESTIONS
from wattshift.app.questions.site import SITE_QUESTIONS
from wattshift.app.questions.texts import TEXT_QUESTIONS

__all__ = ["QUESTIONS"]

_ALL: tuple[AnyQuestion, ...] = (
    *PRESENT_QUESTIONS,
    *NETWORK_QUESTIONS,
    *SERIES_QUESTIONS,
    *CAUSE_QUESTIONS,
    *SECURITY_QUESTIONS,
    *SITE_QUESTIONS,
    *TEXT_QUESTIONS,
    *KEEPING_QUESTIONS,
)

QUESTIONS: Mapping[str, AnyQuestion] = MappingProxyType({each.name: each for each in _ALL})
"""All questions, by name."""
