from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift import errors
from wattshift.errors import WattshiftError
from wattshift.web.problems import PROBLEM_TYPE, Problem, problem_of, problem_of_defect, problem_response

STATUSES: dict[type[WattshiftError], int] = {
    errors.InputError: 422,
    errors.OutOfSpan: 404,
    errors.Missing: 404,
    errors.NoData: 404,
    errors.Infeasible: 409,
    errors.Busy: 503,
    errors.Overrun: 504,
    errors.LimitReached: 504,
}
TREE = sorted(
    (each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, WattshiftError)),
    key=lambda each: each.__name__,
)
PRIVATE = "/srv/operator/.cookie"


@pytest.mark.parametrize("kind", TREE)
def test_every_error_is_a_problem_and_only_the_callers_own_words_are_told(kind: type[WattshiftError]) -> None:
    problem = problem_of(kind("it went wrong", file=PRIVATE, given="abc", hint="mend it"))
    assert problem.status == STATUSES.get(kind, 500)
    response = problem_response(problem)
    told = json.loads(bytes(response.body))
    assert response.media_type == PROBLEM_TYPE
    assert set(told) - {"incident"} == {"type", "title", "status", "detail", "hint"}
    assert told["status"] == response.status_code == problem.status
    assert PRIVATE not in str(told)
    assert ("given abc" in str(told)) == issubclass(kind, errors.InputError)
    assert ("incident" in told) == (problem.status == 500)
    if problem.status == 500:
        assert "went wrong" not in str(told)
    else:
        assert told["hint"] == "mend it"


def test_a_defect_is_logged_under_the_number_that_the_caller_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="wattshift.serve"):
        problem = problem_of_defect(ZeroDivisionError("the inner secret"))
    assert problem.incident is not None
    assert problem.incident in caplog.text
    assert "the inner secret" in caplog.text
    assert b"secret" not in bytes(problem_response(problem).body)


def test_busy_says_when_to_come_back() -> None:
    assert problem_of(errors.Busy("no", retry_s=7)).headers["Retry-After"] == "7"
    assert problem_of(errors.Busy("no")).headers["Retry-After"] == "1"


def test_options_of_the_command_line_are_told_as_parameters() -> None:
    problem = problem_of(errors.InputError("--since must be earlier", hint="move --mean-start back"))
    assert problem.document.detail == "since must be earlier"
    assert problem.document.hint == "move mean_start back"


@given(st.text(max_size=3_000))
def test_a_text_is_one_line_of_bounded_length(text: str) -> None:
    document = Problem(status=404, detail=text, hint=text).document
    assert len(document.detail) <= 500
    assert document.detail.isprintable()
    body = problem_response(Problem(status=404, detail=text, hint=text)).body
    assert json.loads(bytes(body))["status"] == 404


def test_titles_do_not_depend_on_the_version_of_python() -> None:
    document = Problem(status=422, detail="", hint="").document
    assert (document.type, document.title) == (
        "urn:wattshift:problem:unprocessable-content",
        "Unprocessable content",
    )
