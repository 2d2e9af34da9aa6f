"""Site files: TOML in, a checked `Site` out, and errors that name file, line, key and cure."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from wattshift.assets.site import Site
from wattshift.errors import ConfigError, InputError

__all__ = ["load_site", "site_schema"]

_ADAPTER = TypeAdapter(Site)

_Path = tuple[str | int, ...]
_EXAMPLE = "`wattshift example-site` shows every key"
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_MAX_BYTES = 1_000_000
_TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\s\"']+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"^\s*([A-Za-z0-9_.\-\"']+)\s*=")
_TOML_LINE = re.compile(r"at line (\d+)")

_WANTED: Mapping[str, str] = {
    "bool": "true or false",
    "datetime": "an instant with its offset, such as 2026-03-07T14:00:00Z",
    "float": "a plain number, without quotes",
    "int": "a whole number, without quotes",
    "str": "a text in quotes",
}

_OTHER_UNITS: Mapping[str, tuple[str, float]] = {
    "gw": ("mw", 1e3),
    "kw": ("mw", 1e-3),
    "w": ("mw", 1e-6),
    "usd_per_kwh": ("usd_per_mwh", 1e3),
    "cents_per_kwh": ("usd_per_mwh", 10.0),
    "w_per_th": ("j_per_th", 1.0),
    "w_per_ths": ("j_per_th", 1.0),
    "j_per_gh": ("j_per_th", 1e3),
    "ghs": ("ths", 1e-3),
    "phs": ("ths", 1e3),
    "pct": ("frac", 1e-2),
    "percent": ("frac", 1e-2),
    "usd_per_mw_year": ("usd_m_per_mw_year", 1e-6),
    "usd_per_mw": ("usd_m_per_mw", 1e-6),
    "w_per_gpu": ("kw_per_gpu", 1e-3),
}
"""A unit that people write: the unit that a site file wants, and the factor between them."""


def load_site(path: Path) -> Site:
    """Read and check a site file.

    A relative `price_file` is meant relative to the site file and comes back joined to its folder.

    Raises:
        ConfigError: if the file cannot be read, is not TOML, or does not describe a site.
    """
    text = _read(path)
    raw = _parse(path, text)
    try:
        site = _ADAPTER.validate_json(json.dumps(raw, default=_instant_text))
    except ValidationError as error:
        raise _explain(path, text, raw, error) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"the site file cannot be read: {error}",
            file=path,
            hint="look for a huge number or deep nesting",
        ) from None
    tariff = site.tariff
    if tariff.price_file is None:
        return site
    tariff = dataclasses.replace(tariff, price_file=str(path.parent / tariff.price_file))
    return dataclasses.replace(site, tariff=tariff)


def site_schema() -> dict[str, Any]:
    """The JSON schema of a site file."""
    return _ADAPTER.json_schema()


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the site file cannot be read: {error.strerror}",
            file=path,
            hint=f"check the path; {_EXAMPLE}",
        ) from None
    if len(data) > _MAX_BYTES:
        raise ConfigError("the site file is above 1 MB", file=path, hint="name the site's own TOML file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("the site file is not UTF-8 text", file=path, hint="save it as UTF-8") from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        line = _TOML_LINE.search(str(error))
        where = {"line": int(line[1])} if line else {}
        raise ConfigError(
            f"the site file is not valid TOML: {error}",
            file=path,
            **where,
            hint="texts need quotes, numbers a decimal point, tables [brackets], lists of tables"
            " [[double brackets]]; each key and table stands once",
        ) from None


def _instant_text(value: object) -> str:
    """TOML instants and dates as JSON text; a local time becomes a text that no key accepts."""
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def _explain(path: Path, text: str, raw: dict[str, Any], error: ValidationError) -> ConfigError:
    """The first thing to mend: an unknown key before anything else, since it often explains the rest."""
    problems = sorted(error.errors(), key=lambda problem: problem["type"] not in _UNKNOWN)
    keys, message, hint = _describe(problems[0], raw)
    context: dict[str, object] = {"file": path}
    if line := _find_line(text, keys):
        context["line"] = line
    context["key"] = _dotted(keys)
    value = _value_at(raw, keys)
    if isinstance(value, (str, int, float, datetime, date)):
        context["value"] = textwrap.shorten(repr(value) if isinstance(value, str) else str(value), 60)
    if len(problems) > 1:
        context["further_problems"] = len(problems) - 1
    return ConfigError(message, hint=hint, **context)


def _describe(problem: ErrorDetails, raw: dict[str, Any]) -> tuple[_Path, str, str | None]:
    """Where one problem is, what it is, and what to do."""
    keys: _Path = problem["loc"]
    if problem["type"] in _UNKNOWN:
        return keys, *_unknown_key(keys, _value_at(raw, keys))
    if problem["type"] == "missing":
        return keys, f"{keys[-1]} is missing", f"add it to {_dotted(keys[:-1]) or 'the top level'}"
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        tail = str(cause.context.get("key", "")).split(".")
        keys += tuple(int(part) if part.isdecimal() else part for part in tail if part)
        return keys, cause.message, cause.hint
    name = next((key for key in reversed(keys) if isinstance(key, str)), "the file")
    message = problem["msg"]
    return keys, f"{name}: {message[0].lower()}{message[1:]}", _meaning(keys)


def _unknown_key(keys: _Path, value: object) -> tuple[str, str]:
    """Name the closest key there is, converting a value in another unit."""
    wrong, known = str(keys[-1]), _known_keys(keys[:-1])
    for suffix, (unit, factor) in sorted(_OTHER_UNITS.items(), key=lambda item: -len(item[0])):
        right = f"{wrong.removesuffix(suffix)}{unit}"
        if wrong.endswith(f"_{suffix}") and right in known:
            example = f"{value * factor:.10g}" if isinstance(value, (int, float)) else "..."
            return f"{wrong} is in another unit", f"write {right} = {example}"
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.5)
    listed = f"the keys here are {', '.join(known)}"
    return f"{wrong} is not a known key", f"did you mean {close[0]}? {listed}" if close else listed


def _meaning(keys: _Path) -> str:
    """What a key wants, by its annotation."""
    owner = _owner(keys)
    types = {field.name: str(field.type) for field in dataclasses.fields(owner)} if owner else {}
    wanted = _WANTED.get(types.get(str(keys[-1]), "").removesuffix(" | None"))
    return f"give {wanted}" if wanted else _EXAMPLE


def _owner(keys: _Path) -> Any:
    """The dataclass whose field the last key of a path is, if there is one."""
    kind: Any = Site
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


@cache
def _known_keys(keys: _Path) -> tuple[str, ...]:
    owner = _owner((*keys, ""))
    return tuple(field.name for field in dataclasses.fields(owner)) if owner else ()


def _value_at(raw: object, keys: _Path) -> object:
    """The raw value at a path, or None where the path ends early."""
    for key in keys:
        try:
            raw = raw[key]  # type: ignore[index]  # TOML nests whatever it likes; a wrong guess is caught
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _dotted(keys: _Path) -> str:
    """A path as people write it: mining.classes[0].count."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _find_line(text: str, keys: _Path) -> int | None:
    """The line of a key, or of the nearest table around it."""
    lines = _lines(text)
    for length in range(len(keys), 0, -1):
        if keys[:length] in lines:
            return lines[keys[:length]]
    return None


def _lines(text: str) -> dict[_Path, int]:
    """Where each table and key of a plainly written TOML file stands.

    Good enough to point a person at a line; the reading itself is tomllib's.
    """
    found: dict[_Path, int] = {}
    counts: dict[_Path, int] = {}
    table: _Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _resolve(_split(header[2]), counts, opens_item=header[1] == "[[")
            found.setdefault(table, number)
            if isinstance(table[-1], int):
                found.setdefault(table[:-1], number)
        elif assignment := _ASSIGNMENT.match(line):
            found.setdefault((*table, *_split(assignment[1])), number)
    return found


def _split(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _resolve(parts: list[str], counts: dict[_Path, int], *, opens_item: bool) -> _Path:
    """A header's path with the index of each list of tables that it passes through."""
    path: _Path = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if opens_item and position == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
