"""Resources: what agents may read beside asking."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType

from wattshift.agents.questions import AGENT_QUESTIONS
from wattshift.app.questions.dictionary import dictionary
from wattshift.app.questions.question import AnyQuestion
from wattshift.app.simulating.scenarios import READY_SCENARIOS
from wattshift.report.jsontext import json_schema, to_json

__all__ = ["Readable", "readables"]

_JSON, _TOML = "application/json", "application/toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A text that agents may read.

    Args:
        title: what it is, in one line.
        mime_type: its form.
        read: its text.
    """

    title: str
    mime_type: str
    read: Callable[[], str]


@cache
def readables() -> Mapping[str, Readable]:
    """All of them, by their URI."""
    found = {
        "wattshift://dictionary": Readable(
            title="Every table and column, with its unit and what it means",
            mime_type=_JSON,
            read=lambda: to_json(dictionary(), name="dictionary"),
        )
    }
    for question in AGENT_QUESTIONS.values():
        found[f"wattshift://schema/{question.name}"] = _schema(question)
    for name, path in READY_SCENARIOS.items():
        found[f"wattshift://scenario/{name}"] = Readable(
            title=f"The scenario {name}, to start your own from",
            mime_type=_TOML,
            read=partial(path.read_text, encoding="utf-8"),
        )
    return MappingProxyType(found)


def _schema(question: AnyQuestion) -> Readable:
    return Readable(
        title=f"What each field of the answer to {question.name} means",
        mime_type=_JSON,
        read=lambda: json.dumps(json_schema(question.document, name=question.name), ensure_ascii=False),
    )
