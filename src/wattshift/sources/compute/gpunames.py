"""One spelling for each GPU, whoever writes it: H100_SXM, A100_80_PCIE, RTX4090."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["gpu_name"]

_GIGABYTES = re.compile(r"(\d{1,3}) GB\b")
_SPLIT = re.compile(r"[^A-Z0-9.]+")
_VENDORS = frozenset({"NVIDIA", "AMD", "INTEL", "GEFORCE", "TESLA", "INSTINCT", "GPU"})
_FORM = re.compile(r"(SXM|PCIE|NVL|NVLINK|HGX)\d?")
_MEMORY = re.compile(r"(40|80)(GB)?")
_OTHER_MEMORY = re.compile(r"\d{1,3}GB")
_REMARK = re.compile(r"\((?![^()]{0,9}\d+ ?GB\))[^()]{0,99}\)")
_FORMS = {
    "A100": {"SXM": "SXM", "PCIE": "PCIE"},
    "H100": {"SXM": "SXM", "HGX": "SXM", "PCIE": "PCIE", "NVL": "NVL", "NVLINK": "NVL"},
    "H200": {"NVL": "NVL"},
}
"""Of these GPUs the form is part of the name; of the others there is one, or it makes no difference."""
_ORDER = ("PCIE", "SXM", "HGX", "NVL", "NVLINK")


@lru_cache(maxsize=1024)
def gpu_name(text: str) -> str | None:
    """The name of a GPU, normalised; None where the text names none.

    Vendors and remarks are dropped, memory is kept where two sizes are rented out (A100), the form where it
    makes another machine (`_FORMS`). What is not said is not invented: an A100 of unknown memory stays one.
    """
    plain = _GIGABYTES.sub(r"\1GB", _REMARK.sub(" ", text.upper()))
    words = _SPLIT.split(plain)
    words = [word for word in words if word and word not in _VENDORS]
    forms = [match[1] for word in words if (match := _FORM.fullmatch(word))]
    model = [word for word in words if not _FORM.fullmatch(word)]
    if not model or not any(char.isdigit() for char in model[0] + model[-1]):
        return None
    if model[0] == "RTX" and len(model) > 1:
        model = ["RTX" + model[1], *model[2:]]
    memory = [match[1] for word in model[1:] if (match := _MEMORY.fullmatch(word))]
    parts = [word for word in model if not _MEMORY.fullmatch(word) and not _OTHER_MEMORY.fullmatch(word)]
    if parts[:1] == ["A100"]:
        parts += memory[:1]
    known = _FORMS.get(parts[0], {}) if parts else {}
    form = next((known[word] for word in _ORDER if word in forms and word in known), None)
    return "_".join([*parts, *([form] if form else [])]) or None
