"""The examples of the API's page are asked, and answered as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLES = re.findall(r"^```http\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
_HEADER = re.compile(r"([A-Z][A-Za-z-]+): (.*)")


def headers(lines: list[str]) -> dict[str, str]:
    return {found[1]: found[2] for line in lines if (found := _HEADER.fullmatch(line))}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each.partition("\n")[0])
def test_an_example_is_answered_as_it_says(example: str, client: TestClient) -> None:
    """A request, perhaps its body, then what comes back: its head, and how some of its lines begin."""
    request, *body, answer = example.strip().split("\n\n")
    (first, *sent), (status, *told) = request.splitlines(), answer.splitlines()
    method, path = first.split()
    found = client.request(method, path, headers=headers(sent), content="\n".join(body))
    number, _, media = status.partition(" ")
    assert found.status_code == int(number)
    assert found.headers.get("content-type", "") == media
    expected = headers(told)
    assert {name: found.headers[name] for name in expected} == expected
    lines = iter(re.split(r"\n|(?<=,) (?=\")|(?<=^\{)|(?=\}$)", found.text))
    for wanted in told[len(expected) :]:
        assert any(line.strip().startswith(wanted) for line in lines), wanted


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8
