"""Whether a quantity is a fall or a rise, by the word of motion that is nearest to it."""

from __future__ import annotations

import re

from wattshift.claims.quantity import Quantity

__all__ = ["direction_at"]

_FALL = (
    r"f[ae]ll(?:s|en|ing)?|drop(?:s|ped|ping)?|declin\w+|down(?:ward)?|decreas\w+|lower(?:ed|ing)?"
    r"|slid(?:e|es|ing)?|plung\w+|shed\w*|los[ts]\w*|lose"
    r"|cut(?:s|ting)?|retreat\w*|negative|tumbl\w+|s[aiu]nk|slump\w*|dip(?:s|ped)?|contract(?:ed|ion)"
    r"|shr[aiu]nk\w*|reduc\w+|eas(?:e|ed|ing)|below|off"
    r"|cool\w*|correct\w+|pullback|crash\w*|slip\w*|weaken\w*"
)
_RISE = (
    r"r[io]se[sn]?|rising|increas\w+|jump\w*|up(?:ward)?|gain\w*|climb\w*|surg\w+|higher|gr[eo]w\w*"
    r"|rall\w+|soar\w*|positive|add(?:s|ed)?|rebound\w*"
    r"|recover\w*|advanc\w+|expand\w*|above|leap\w*|spik\w+"
)
_MOTION = re.compile(rf"\b(?:(?P<fall>{_FALL})|(?P<rise>{_RISE}))\b", re.IGNORECASE)
_REACH_BACK = 90
_REACH_ON = 32


def direction_at(text: str, span: tuple[int, int], clause: tuple[int, int], quantity: Quantity | None) -> int:
    """-1 for a fall, +1 for a rise, 0 where no word near says.

    A printed sign decides; then a word right behind ("4 % drop"), then the nearest before in the clause,
    then any after it.

    Args:
        text: the sentence.
        span: the quantity, or the words of the statement.
        clause: the clause around it.
        quantity: the quantity, if there is one.
    """
    if quantity is not None and quantity.sign:
        return quantity.sign
    start, end = span
    behind = _MOTION.match(text[end : end + _REACH_ON].lstrip(" -"))
    if behind:
        return _sign(behind)
    found = list(_MOTION.finditer(text[max(clause[0], start - _REACH_BACK) : start]))
    if found:
        return _sign(found[-1])
    for match in _MOTION.finditer(text[start : min(clause[1], end + _REACH_ON)]):
        return _sign(match)
    earlier = list(_MOTION.finditer(text[max(0, start - _REACH_BACK) : start]))
    return _sign(earlier[-1]) if earlier else 0


def _sign(match: re.Match[str]) -> int:
    return -1 if match["fall"] else 1
