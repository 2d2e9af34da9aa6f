"""JSON from outside, read strictly: what does not look exactly as promised is refused, with the way to it.

Beyond what `json` refuses: NaN and infinities, two members of one name, nesting and numbers beyond reason,
text that is not UTF-8, and a bool or a string where a number belongs.
`Json.read(fetched)["result"]["height"].integer(0, MAX_HEIGHT)` is either such an integer, or a `Malformed`
that names source, URL and `$.result.height`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn, Self

from wattshift.chain.header import BlockHash
from wattshift.errors import Malformed
from wattshift.provenance import FetchOrigin
from wattshift.sources.port import Fetched

__all__ = ["MAX_HEIGHT", "MAX_MONEY_SAT", "Json"]

MAX_HEIGHT = 2**31 - 1
"""No block lies above it."""
MAX_MONEY_SAT = 21_000_000 * 100_000_000
"""No sum of bitcoin is larger [sat]. Source: Bitcoin Core, `consensus/amount.h`."""

_MAX_VALUES = 300_000
"""A megabyte of brackets becomes thirty of objects: they are counted before they are made."""
_SHOWN = 60
_HINT = "the source has changed its answers or is not what it should be: use another one"


@dataclass(frozen=True, slots=True)
class Json:
    """A value inside an answer.

    Every method raises `Malformed` where the value is not what is asked for.

    Args:
        value: as `json` reads it.
        path: the way to it: `$` is the whole answer, `$[2].height` a member of an item.
        origin: where the answer came from.
    """

    value: Any
    path: str
    origin: FetchOrigin

    @classmethod
    def read(cls, fetched: Fetched) -> Self:
        """The whole of an answer.

        Raises:
            Malformed: if it is not JSON, strictly.
        """
        whole = cls(None, "$", fetched.origin)
        if sum(map(fetched.content.count, (b",", b"[", b"{"))) > _MAX_VALUES:
            raise whole.malformed("the answer holds too many values")
        try:
            value = json.loads(
                fetched.content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            raise whole.malformed("the answer is not strict JSON", what=error) from error
        return cls(value, "$", fetched.origin)

    @classmethod
    def plain(cls, fetched: Fetched) -> Self:
        """The whole of an answer that is bare text, such as a hash, as one string."""
        return cls(fetched.content.decode("ascii", "replace").strip(), "$", fetched.origin)

    def malformed(self, message: str, **context: object) -> Malformed:
        """The error that names this value, its source and its address."""
        origin = self.origin
        return Malformed(message, source=origin.source, url=origin.url, path=self.path, **context, hint=_HINT)

    def __getitem__(self, name: str) -> Json:
        """A member that must be there; it may be null."""
        members = self._members()
        if name not in members:
            raise self.malformed(f"a member {name!r} is missing")
        return Json(members[name], f"{self.path}.{name}", self.origin)

    def get(self, name: str) -> Json | None:
        """A member that may be null or missing: None then."""
        member = self._members().get(name)
        return None if member is None else Json(member, f"{self.path}.{name}", self.origin)

    def items(self) -> list[Json]:
        """The items of a list."""
        if not isinstance(self.value, list):
            self._refuse("a list")
        return [Json(item, f"{self.path}[{at}]", self.origin) for at, item in enumerate(self.value)]

    def integer(self, low: int, high: int) -> int:
        """A whole number, written without a point, from `low` to `high`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not low <= self.value <= high:
            self._refuse(f"an integer from {low} to {high}")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            self._refuse("a number")
        try:
            number = float(self.value)
        except OverflowError:
            self._refuse("a finite number")
        if not isfinite(number):
            self._refuse("a finite number")
        return number

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self._refuse("true or false")
        return self.value

    def text(self, pattern: re.Pattern[str]) -> str:
        """A string that matches as a whole."""
        if not isinstance(self.value, str) or not pattern.fullmatch(self.value):
            self._refuse(f"a string like {pattern.pattern}")
        return self.value

    def data(self, length: int) -> bytes:
        """Bytes written as hexadecimal digits, in either case, exactly so many."""
        try:
            raw = bytes.fromhex(self.value) if isinstance(self.value, str) else b""
        except ValueError:
            raw = b""
        # Both, for fromhex overlooks blanks.
        if not isinstance(self.value, str) or len(raw) != length or len(self.value) != 2 * length:
            self._refuse(f"{length} bytes as hexadecimal digits")
        return raw

    def block_hash(self) -> BlockHash:
        """A block hash as people write it; here in internal order."""
        return BlockHash(self.data(32)[::-1])

    def _members(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self._refuse("an object")
        return self.value

    def _refuse(self, wanted: str) -> NoReturn:
        raise self.malformed(f"the answer holds something else than {wanted}", found=_shown(self.value))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has two members of one name")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _shown(value: object) -> str:
    """A value for an error: short, and without anything that could act on a terminal."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge integer"
    return ascii(value[:_SHOWN] if isinstance(value, str) else value)
