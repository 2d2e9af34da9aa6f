"""Tools, made from the questions: what an agent sees before it asks."""

from __future__ import annotations

from typing import Any

from mcp_types import Tool, ToolAnnotations

from wattshift.agents.questions import AGENT_QUESTIONS
from wattshift.app.questions.question import AnyQuestion
from wattshift.report.jsontext import json_schema

__all__ = ["tools"]

_READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def tools() -> list[Tool]:
    """One tool for each question."""
    return [_tool(question) for question in AGENT_QUESTIONS.values()]


def _tool(question: AnyQuestion) -> Tool:
    return Tool(
        name=question.name,
        title=question.name.replace("-", " ").capitalize(),
        description=f"{question.summary}\nWhat each field of the answer means: wattshift://schema/{question.name}",
        input_schema=question.ask.model_json_schema(),
        output_schema=_bare(json_schema(question.document, name=question.name)),
        annotations=_READ_ONLY,
    )


def _bare(schema: Any) -> Any:
    """A schema without its words: they are longer than the rest, and agents read every tool at once."""
    if isinstance(schema, list):
        return [_bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _bare(each) for name, each in value.items()}
        if key in {"properties", "$defs"}  # what stands there are names of our own
        else _bare(value)
        for key, value in schema.items()
        if key not in {"title", "description"}
    }
