"""The desk: questions are read strictly before any process is started, and what is wrong is said briefly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wattshift.agents.desk import Desk
from wattshift.agents.questions import AGENT_QUESTIONS
from wattshift.agents.working import Call, Told
from wattshift.app.service.answering.pool import Pool
from wattshift.app.service.answering.workroom import View
from wattshift.app.service.feeds.place import Place
from wattshift.errors import InputError


class Seen:
    """Calls that would have gone to a worker."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self, _function: object, call: Call, _view: View) -> Told:
        self.calls.append(call)
        return Told(words="", body=b"{}")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    calls = Seen()
    monkeypatch.setattr(Pool, "call", lambda _pool, *given: calls(*given))
    return calls


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk(Place())
    yield desk
    desk.close()


def test_a_question_goes_to_the_worker_as_json(desk: Desk, seen: Seen) -> None:
    desk.ask("hashrate", {"window": "3d", "at": "2026-01-19T12:00:00Z"})
    (call,) = seen.calls
    assert call.question == "hashrate"
    asked = AGENT_QUESTIONS["hashrate"].ask.model_validate_json(call.ask)
    assert asked.model_dump(mode="json", exclude_none=True) == {
        "at": "2026-01-19T12:00:00Z",
        "window": "3d",
    }


def test_a_name_that_is_nearly_right_is_told(desk: Desk, seen: Seen) -> None:
    with pytest.raises(InputError) as caught:
        desk.ask("hashrte", {})
    assert caught.value.hint == "did you mean hashrate?"
    assert seen.calls == []


@pytest.mark.parametrize(
    ("name", "arguments", "where"),
    [
        ("hashrate", {"window": "a while"}, "window:"),
        ("hashrate", {"at": "9999-01-01T00:00:00Z"}, "at:"),
        ("hashrate", {"at": 1_767_225_600}, "at:"),
        ("hashrate", {"below_ehs": float("nan")}, "below_ehs:"),
        ("hashrate", {"below_ehs": 1e300}, "below_ehs:"),
        ("hashrate", {"__class__": 1}, "__class__:"),
        ("check", {"text": "x" * 300_000}, "text:"),
        ("simulate", {}, "the question:"),
        ("simulate", {"scenario": "ban", "paths": 1_001}, "paths:"),
        ("simulate", {"scenario": "ban", "horizon_days": 367}, "horizon_days:"),
        ("simulate", {"scenario": "../../etc/passwd"}, "the question:"),
        ("simulate", {"scenario": "ban", "toml": "x"}, "the question:"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(
    desk: Desk, seen: Seen, name: str, arguments: dict[str, Any], where: str
) -> None:
    with pytest.raises(InputError) as caught:
        desk.ask(name, arguments)
    assert where in caught.value.message
    assert caught.value.hint == "look at the tool's input schema"
    assert seen.calls == []


def test_a_refusal_is_short_and_repeats_no_signs_of_control(desk: Desk, seen: Seen) -> None:
    arguments = {f"\x1b[31m\u202e{number}": "canary" * 1_000 for number in range(1_000)}
    with pytest.raises(InputError) as caught:
        desk.ask("hashrate", arguments)
    assert len(str(caught.value)) < 1_500
    assert not {"\x1b", "\u202e"} & set(str(caught.value))
    assert "canary" not in str(caught.value)
    assert seen.calls == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(AGENT_QUESTIONS)),
    st.dictionaries(st.sampled_from(["at", "window", "text", "paths", "step", "x"]), _JSON, max_size=3),
)
def test_whatever_an_agent_writes_is_read_or_refused(
    desk: Desk, seen: Seen, name: str, arguments: dict[str, Any]
) -> None:
    seen.calls.clear()
    with suppress(InputError):
        desk.ask(name, arguments)
    for call in seen.calls:
        AGENT_QUESTIONS[name].ask.model_validate_json(call.ask)


def test_a_store_is_read_anew_once_it_is_a_minute_old(seen: Seen, tmp_path: Any) -> None:
    now_s = [0.0]
    desk = Desk(Place(folder=tmp_path), mono_s=lambda: now_s[0])
    for at_s in (0.0, 59.0, 61.0):
        now_s[0] = at_s
        desk.ask("data", {})
    generations = [call.view.generation for call in seen.calls]
    assert generations[0] == generations[1] < generations[2]
    desk.close()


def test_the_bundled_history_is_read_once(desk: Desk, seen: Seen) -> None:
    for _ in range(3):
        desk.ask("data", {})
    assert {call.view.generation for call in seen.calls} == {0}
