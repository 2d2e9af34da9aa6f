"""TOML files of the operator: text in, a checked frozen dataclass out, and errors that teach.

An error names file, line, key and cure; an unknown key comes first, since it often explains the rest.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from wattshift.config.lines import KeyPath, dotted, find_line
from wattshift.errors import ConfigError, InputError

__all__ = ["TomlFile"]

_Content = TypeVar("_Content")

_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_MAX_BYTES = 1_000_000
_TOML_LINE = re.compile(r"at line (\d+)")

_WANTED: Mapping[str, str] = {
    "bool": "true or false",
    "datetime": "an instant with its offset, such as 2026-03-07T14:00:00Z",
    "float": "a plain number, without quotes",
    "int": "a whole number, without quotes",
    "str": "a text in quotes",
    "tuple[float, float]": "a range [low, high], twice the same number where it is sure",
}


@dataclass(frozen=True, slots=True)
class TomlFile(Generic[_Content]):
    """One kind of file.

    Args:
        kind: the frozen dataclass that it describes.
        noun: what people call it, such as "site file".
        example: where every key is shown, as the end of a hint.
        other_units_ratio: by a unit that people write, the unit that the file wants and the factor between.
        hidden: keys whose values no error shows, since they may hold a secret.
    """

    kind: type[_Content]
    noun: str
    example: str
    other_units_ratio: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    def load(self, path: Path) -> _Content:
        """Read and check a file.

        Raises:
            ConfigError: if it cannot be read, is not TOML, or does not describe what it should.
        """
        return self.read(self._read(path), path)

    def read(self, text: str, path: Path) -> _Content:
        """Read and check a text.

        Args:
            text: what stands in the file.
            path: what errors call it.

        Raises:
            ConfigError: if it is not TOML, or does not describe what it should.
        """
        raw = self._parse(path, text)
        try:
            return TypeAdapter(self.kind).validate_json(json.dumps(raw, default=_instant_text))
        except ValidationError as error:
            told = self._explain(path, text, raw, error)
        except (ValueError, RecursionError) as error:
            told = ConfigError(
                f"the {self.noun} cannot be read: {error}",
                file=path,
                hint="look for a huge number or deep nesting",
            )
        raise told  # out here it drags along no error that quotes the file, secrets and all

    def refused(self, path: Path, error: InputError) -> ConfigError:
        """What is wrong with a file that was read, found by looking at it beside something else."""
        key = str(error.context.get("key", ""))
        keys = tuple(int(part) if part.isdecimal() else part for part in key.split("."))
        line = find_line(self._read(path), keys)
        where = {"line": line} if line else {}
        context = {"file": path, **where, **error.context, "key": dotted(keys)}
        return ConfigError(error.message, hint=error.hint, **context)

    def schema(self) -> dict[str, Any]:
        """The JSON schema of such a file."""
        return TypeAdapter(self.kind).json_schema()

    def _read(self, path: Path) -> str:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"the {self.noun} cannot be read: {error.strerror}",
                file=path,
                hint=f"check the path; {self.example}",
            ) from None
        if len(data) > _MAX_BYTES:
            raise ConfigError(f"the {self.noun} is above 1 MB", file=path, hint="name the TOML file itself")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError(
                f"the {self.noun} is not UTF-8 text", file=path, hint="save it as UTF-8"
            ) from None

    def _parse(self, path: Path, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            line = _TOML_LINE.search(str(error))
            where = {"line": int(line[1])} if line else {}
            raise ConfigError(
                f"the {self.noun} is not valid TOML: {error}",
                file=path,
                **where,
                hint="texts need quotes, numbers a decimal point, tables [brackets], lists of tables"
                " [[double brackets]]; each key and table stands once",
            ) from None

    def _explain(self, path: Path, text: str, raw: dict[str, Any], error: ValidationError) -> ConfigError:
        """The first thing to mend."""
        problems = sorted(error.errors(), key=lambda problem: problem["type"] not in _UNKNOWN)
        keys, message, hint = self._describe(problems[0], raw)
        context: dict[str, object] = {"file": path}
        if line := find_line(text, keys):
            context["line"] = line
        context["key"] = dotted(keys)
        value = _value_at(raw, keys)
        if keys[0] not in self.hidden and isinstance(value, (str, int, float, datetime, date)):
            context["value"] = textwrap.shorten(repr(value) if isinstance(value, str) else str(value), 60)
        if len(problems) > 1:
            context["further_problems"] = len(problems) - 1
        return ConfigError(message, hint=hint, **context)

    def _describe(self, problem: ErrorDetails, raw: dict[str, Any]) -> tuple[KeyPath, str, str | None]:
        """Where one problem is, what it is, and what to do."""
        keys: KeyPath = problem["loc"]
        if problem["type"] in _UNKNOWN:
            return keys, *self._unknown_key(keys, _value_at(raw, keys))
        if problem["type"] == "missing":
            return keys, f"{keys[-1]} is missing", f"add it to {dotted(keys[:-1]) or 'the top level'}"
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, InputError):
            tail = str(cause.context.get("key", "")).split(".")
            keys += tuple(int(part) if part.isdecimal() else part for part in tail if part)
            return keys, cause.message, cause.hint
        name = next((key for key in reversed(keys) if isinstance(key, str)), "the file")
        message = problem["msg"]
        return keys, f"{name}: {message[0].lower()}{message[1:]}", self._meaning(keys)

    def _unknown_key(self, keys: KeyPath, value: object) -> tuple[str, str]:
        """Name the closest key there is, converting a value in another unit."""
        wrong, known = str(keys[-1]), _known_keys(self.kind, keys[:-1])
        for suffix, (unit, factor) in sorted(self.other_units_ratio.items(), key=lambda item: -len(item[0])):
            right = f"{wrong.removesuffix(suffix)}{unit}"
            if wrong.endswith(f"_{suffix}") and right in known:
                example = _converted(value, factor)
                return f"{wrong} is in another unit", f"write {right} = {example}"
        close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
        listed = f"the keys here are {', '.join(known)}"
        return f"{wrong} is not a known key", f"did you mean {close[0]}? {listed}" if close else listed

    def _meaning(self, keys: KeyPath) -> str:
        """What a key wants, by its annotation."""
        owner = _owner(self.kind, keys)
        types = {field.name: str(field.type) for field in dataclasses.fields(owner)} if owner else {}
        wanted = _WANTED.get(types.get(str(keys[-1]), "").removesuffix(" | None"))
        return f"give {wanted}" if wanted else self.example


def _converted(value: object, ratio: float) -> str:
    """A number, or a list of them, in the unit that the file wants."""
    if isinstance(value, list):
        return f"[{', '.join(_converted(each, ratio) for each in value)}]"
    return f"{value * ratio:.10g}" if isinstance(value, (int, float)) else "..."


def _instant_text(value: object) -> str:
    """TOML instants and dates as JSON text; a local time becomes a text that no key accepts."""
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def _owner(kind: Any, keys: KeyPath) -> Any:
    """The dataclass whose field the last key of a path is, if there is one."""
    for key in keys[:-1]:
        if isinstance(key, int):
            continue
        kind = _inner(get_type_hints(kind).get(key)) if dataclasses.is_dataclass(kind) else None
    return kind if dataclasses.is_dataclass(kind) else None


def _inner(kind: Any) -> Any:
    """The dataclass inside `X | None` or `tuple[X, ...]`, or the type itself."""
    if get_origin(kind) in {Union, UnionType, tuple}:
        return next((part for part in get_args(kind) if dataclasses.is_dataclass(part)), None)
    return kind


def _known_keys(kind: Any, keys: KeyPath) -> tuple[str, ...]:
    owner = _owner(kind, (*keys, ""))
    return tuple(field.name for field in dataclasses.fields(owner)) if owner else ()


def _value_at(raw: object, keys: KeyPath) -> object:
    """The raw value at a path, or None where the path ends early."""
    for key in keys:
        try:
            raw = raw[key]  # type: ignore[index]  # TOML nests whatever it likes; a wrong guess is caught
        except (KeyError, IndexError, TypeError):
            return None
    return raw
