"""The JSON schemas of all documents, as OpenAPI refers to them; each field with its meaning."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DataclassSchema

from wattshift.report.jsontext import SCHEMA_VERSION
from wattshift.report.meanings import meanings_of, summary_of
from wattshift.web.problems import ProblemDocument

__all__ = ["PROBLEM", "answer_schemas", "reference"]

_PLACE = "#/components/schemas/"
PROBLEM = "Problem"
"""Name of the schema of every refusal."""


class _WithMeanings(GenerateJsonSchema):
    """Takes the meaning of fields from where they are written down: the docstring."""

    def dataclass_schema(self, schema: DataclassSchema) -> dict[str, Any]:
        """The schema of a dataclass; it holds all of its fields and no others."""
        made = super().dataclass_schema(schema)
        described: type = schema["cls"]
        meanings = meanings_of(described)
        for name, field in made["properties"].items():
            field.pop("title", None)
            if name in meanings:
                field["description"] = meanings[name]
        made["description"] = summary_of(described)
        return made


def reference(name: str) -> dict[str, str]:
    """A reference to a schema."""
    return {"$ref": f"{_PLACE}{name}"}


def answer_schemas(documents: Iterable[tuple[str, type]]) -> dict[str, Any]:
    """The schemas of answers, by name: `hashrate`, and all that they hold, and `Problem`.

    Args:
        documents: the name of each and its type.
    """
    named = dict(documents)
    adapters: list[tuple[str, str, TypeAdapter[Any]]] = [
        (name, "serialization", TypeAdapter(document)) for name, document in named.items()
    ]
    problem: tuple[str, str, TypeAdapter[Any]] = ("problem", "serialization", TypeAdapter(ProblemDocument))
    placed, definitions = TypeAdapter.json_schemas(
        [*adapters, problem],  # type: ignore[list-item]  # the mode is one of two words
        ref_template=_PLACE + "{model}",
        schema_generator=_WithMeanings,
    )
    found: dict[str, Any] = dict(definitions["$defs"])
    for name, _, _ in adapters:
        found[name] = _named(name, placed[name, "serialization"])
    found[PROBLEM] = found.pop(ProblemDocument.__name__)
    return _shortened(found)


def _shortened(schemas: dict[str, Any]) -> dict[str, Any]:
    """Of two dataclasses with one name, each under its module's name and its own, not under a whole path."""
    text = json.dumps(schemas)
    for name in sorted(each for each in schemas if "__" in each):
        module, own = name.split("__")[-2:]
        text = text.replace(name, f"{module.capitalize()}{own}")
    short: dict[str, Any] = json.loads(text)
    return short


def _named(name: str, held: dict[str, Any]) -> dict[str, Any]:
    """A document as it is sent: with the name of its schema before all else."""
    head = {
        "type": "object",
        "required": ["schema"],
        "properties": {"schema": {"const": f"wattshift/{name}/{SCHEMA_VERSION}"}},
    }
    return {"allOf": [head, held], "unevaluatedProperties": False}
