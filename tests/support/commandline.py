"""What a run of the command line gave."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        def refuse(text: str) -> float:
            raise AssertionError(f"{text} in JSON")

        body: dict[str, Any] = json.loads(self.out, parse_constant=refuse)
        return body


Run = Callable[..., Ended]
