"""Conditions of alerts as people write them: `P(hashrate < 1 ZH/s) > 0.95`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from wattshift.alerts.rule import HashrateBelow, PriceSpike, RetargetBeyond, Rule
from wattshift.assets.bounds import STRICT
from wattshift.errors import InputError

__all__ = ["RuleGiven", "rule_of"]

_NUMBER = r"[+-]?\d{1,9}(?:\.\d{1,9})?"
_LIKELY = re.compile(
    rf"P\(\s*(?P<of>[a-z ]+?)\s*(?P<sign>[<>])\s*(?P<number>{_NUMBER})\s*(?P<unit>\S+?)\s*\)"
    rf"\s*>\s*(?P<prob>{_NUMBER})\s*(?P<percent>%?)",
    re.ASCII,
)
_SURE = re.compile(rf"(?P<of>[a-z ]+?)\s*(?P<sign>[<>])\s*(?P<number>{_NUMBER})\s*(?P<unit>\S+)", re.ASCII)
_HASHRATE_UNITS = {"PH/s": 1e-3, "EH/s": 1.0, "ZH/s": 1e3}
_HINT = (
    'write "P(hashrate < 1 ZH/s) > 0.95", "P(adjustment < -5 %) > 0.9", "P(adjustment > 5 %) > 0.9" or'
    ' "power > 500 USD/MWh"'
)
_MOST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGiven(Rule):
    """A rule whose condition is a line of text; beside it stand the keys that all rules share.

    Args:
        when: the condition.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    when: str

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        rule_of(self)


def rule_of(given: RuleGiven) -> Rule:
    """The rule that is meant.

    Raises:
        InputError: if the condition cannot be read, or asks for what no rule watches.
    """
    text = given.when.strip()
    found = (_LIKELY.fullmatch(text) or _SURE.fullmatch(text)) if len(text) <= _MOST_TEXT else None
    if found is None:
        raise InputError("the condition cannot be read", key="when", hint=_HINT)
    shared = {field.name: getattr(given, field.name) for field in fields(Rule)}
    prob = _prob(found.groupdict())
    match found["of"], found["sign"], prob:
        case "hashrate", "<", float():
            below_ehs = float(found["number"]) * _unit(found["unit"], _HASHRATE_UNITS)
            return HashrateBelow(**shared, below_ehs=below_ehs, prob=prob, clear_prob=min(0.5, prob))
        case "adjustment", "<" | ">", float():
            change_frac = float(found["number"]) * _unit(found["unit"], {"%": 0.01})
            _require_side(found["sign"], change_frac)
            return RetargetBeyond(**shared, change_frac=change_frac, prob=prob, clear_prob=min(0.5, prob))
        case "power", ">", None:
            above = float(found["number"]) * _unit(found["unit"], {"USD/MWh": 1.0})
            return PriceSpike(**_with_group(shared), above_usd_per_mwh=above)
    raise InputError("no rule watches that", key="when", value=text[:60], hint=_HINT)


def _prob(found: Mapping[str, Any]) -> float | None:
    """The probability of a condition; None for one without."""
    if "prob" not in found:
        return None
    return float(found["prob"]) * (0.01 if found["percent"] else 1.0)


def _unit(unit: str, known: Mapping[str, float]) -> float:
    """How much of the rule's unit one of this unit is."""
    if unit not in known:
        raise InputError(f"{unit[:20]!r} is no unit here", key="when", hint=f"write it in {', '.join(known)}")
    return known[unit]


def _require_side(sign: str, change_frac: float) -> None:
    if (change_frac < 0) != (sign == "<"):
        raise InputError(
            "an adjustment is watched for a fall or for a rise", key="when", hint="write < -5 % or > 5 %"
        )


def _with_group(shared: Mapping[str, Any]) -> dict[str, Any]:
    """Prices are told together with prices, unless the file says otherwise."""
    usual = shared["group"] == Rule.__dataclass_fields__["group"].default
    return {**shared, "group": "power"} if usual else dict(shared)
