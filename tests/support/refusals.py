"""How a frozen asset refuses a changed number: by key, and with a cure."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from wattshift.errors import InputError

__all__ = ["refuses", "refuses_what_is_no_number"]


def refuses(part: Any, change: dict[str, Any], key: str, says: str) -> None:
    """The changed part is refused; the error names the key and says this in its message or hint."""
    with pytest.raises(InputError) as raised:
        dataclasses.replace(part, **change)
    assert raised.value.context["key"] == key
    assert says in f"{raised.value.message} / {raised.value.hint}"
    assert raised.value.hint


def refuses_what_is_no_number(part: Any) -> None:
    """No field of the part that holds a float takes NaN or infinity."""
    names = [field.name for field in dataclasses.fields(part) if isinstance(getattr(part, field.name), float)]
    assert names
    for name in names:
        for value in (math.nan, math.inf, -math.inf):
            with pytest.raises(InputError) as raised:
                dataclasses.replace(part, **{name: value})
            assert raised.value.context["key"] == name
