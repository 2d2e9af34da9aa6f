"""An API asked all that its description allows, and much that it does not."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from wattshift.api.operations import OPERATIONS, Operation

__all__ = ["ENDING", "ask_all"]

ENDING = [each for each in OPERATIONS.values() if each.name != "live"]
"""Operations whose answer has an end."""

load_all_checks()


def ask_all(schema: Any, operation: Operation, *, examples: int, headers: dict[str, str]) -> int:
    """Ask an operation for what makes sense and for what does not, and judge every answer.

    No server error, no status, media type, header or field that is not described; nothing accepted that is
    not allowed, nobody without a token. What is allowed may still be refused: an end before its start.

    Returns:
        How many answers were judged.

    Raises:
        ExceptionGroup: of all that was wrong with an answer.
    """
    described = schema[operation.path][operation.method]
    judged = 0
    # Any bytes are a text, so there is no wrong one.
    unjudged = [positive_data_acceptance] + [negative_data_rejection] * (operation.name == "check")

    def ask(case: Any) -> None:
        nonlocal judged
        answer = case.call(headers=headers)
        case.validate_response(answer, headers=headers, excluded_checks=unjudged)
        judged += 1

    modes = GenerationMode if operation.scope is not None else [GenerationMode.POSITIVE]
    for mode in modes:
        given = hypothesis.given(case=described.as_strategy(generation_mode=mode))(ask)
        settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[*HealthCheck],
        )(given)()
    return judged
