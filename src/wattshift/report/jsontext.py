"""Documents as JSON: unit-suffixed fields, ISO instants, never a NaN or an infinity."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from wattshift.errors import CheckFailed

__all__ = ["SCHEMA_VERSION", "json_schema", "plain", "to_json"]

SCHEMA_VERSION = 1


def plain(value: object) -> Any:
    """A document as dictionaries, lists, strings and finite numbers.

    Raises:
        CheckFailed: if a number is not finite; a document must never hold one.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        raise CheckFailed("a figure that is not finite reached a report", value=value)
    return value


def to_json(document: object, *, name: str) -> str:
    """A document as indented JSON with the name and version of its schema."""
    body = {"schema": f"wattshift/{name}/{SCHEMA_VERSION}", **plain(document)}
    return json.dumps(body, indent=2, allow_nan=False, ensure_ascii=False)


def json_schema(document_type: type, *, name: str) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of what `to_json` writes for a document type."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(document_type).json_schema(mode="serialization")
    identity = f"wattshift/{name}/{SCHEMA_VERSION}"
    schema["properties"] = {"schema": {"const": identity}, **schema["properties"]}
    schema["required"] = ["schema", *schema["required"]]
    schema["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identity, **schema}
