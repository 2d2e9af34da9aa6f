from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wattshift.app.questions.question import Ask
from wattshift.app.questions.window import (
    MOST_DAYS,
    MOST_ROWS,
    AskGrid,
    AskWindow,
    next_cursor,
    page_of,
    window_of,
)
from wattshift.errors import InputError, OutOfSpan

AT = datetime(2026, 1, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@given(
    start=st.integers(1, MOST_DAYS * 24),
    step=st.sampled_from(["10min", "1h", "7h", "1d", "13d"]),
    limit=st.integers(1, MOST_ROWS),
)
def test_pages_follow_each_other_without_gap_or_overlap(start: int, step: str, limit: int) -> None:
    ask: AskGrid | None = AskGrid(at=AT, start_at=AT - timedelta(hours=start), step=step, limit=limit)
    assert ask is not None
    whole = page_of(ask.model_copy(update={"limit": 10**9}), days=1)
    instants: list[datetime] = []
    for _ in range(200):
        page = page_of(ask, days=1)
        assert 1 <= page.count <= limit
        instants += [page.first_at + timedelta(seconds=page.step_s * row) for row in range(page.count)]
        assert page.last_at == instants[-1] <= page.window.end_at
        cursor = next_cursor(ask, days=1)
        if cursor is None:
            assert len(instants) == whole.count
            break
        ask = AskGrid.model_validate({**ask.model_dump(), "cursor": cursor})
    gaps = {after - before for before, after in pairwise(instants)}
    assert gaps <= {timedelta(seconds=whole.step_s)}
    assert instants[0] == whole.first_at


def test_both_ends_are_instants_of_the_grid_where_they_fit() -> None:
    page = page_of(AskGrid(at=AT, start_at=AT - 3 * DAY), days=90)
    assert (page.first_at, page.last_at, page.count) == (AT - 3 * DAY, AT, 4)


@pytest.mark.parametrize(
    ("given_", "error"),
    [
        ({"start_at": AT}, InputError),
        ({"start_at": AT + DAY}, InputError),
        ({"start_at": AT - (MOST_DAYS + 1) * DAY}, InputError),
        ({"end_at": AT + timedelta(seconds=1)}, OutOfSpan),
    ],
)
def test_a_window_is_neither_empty_nor_too_long_nor_in_the_future(
    given_: dict[str, datetime], error: type[InputError]
) -> None:
    with pytest.raises(error):
        window_of(AskWindow.model_validate({"at": AT, **given_}), days=1)


def test_the_longest_window_is_allowed() -> None:
    assert window_of(AskWindow(at=AT, start_at=AT - MOST_DAYS * DAY), days=1).length_s == MOST_DAYS * 86_400


@pytest.mark.parametrize("cursor", [AT - 91 * DAY, AT + DAY, AT - timedelta(hours=5)])
def test_a_cursor_of_another_series_is_refused(cursor: datetime) -> None:
    with pytest.raises(InputError, match="cursor"):
        page_of(AskGrid(at=AT, cursor=cursor), days=90)


@pytest.mark.parametrize("step", ["1min", "9min", "0h", "0d"])
def test_a_step_is_no_shorter_than_ten_minutes(step: str) -> None:
    with pytest.raises(InputError):
        page_of(AskGrid(at=AT, step=step), days=1)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-20", datetime(2026, 1, 20, tzinfo=UTC)),
        ("2026-01-20T12:00", AT),
        ("2026-01-20T12:00:00Z", AT),
        ("2026-01-20T06:00-06:00", AT),
    ],
)
def test_instants_are_read_as_on_the_command_line(text: str, instant: datetime) -> None:
    assert Ask.model_validate({"at": text}).at == instant


@pytest.mark.parametrize(
    "text",
    [
        1768910400,
        1768910400.0,
        "1768910400",
        "NaN",
        "-1",
        "9999-12-31T23:59:59Z",
        "0001-01-01",
        "2008-12-31",
        "",
        "2026-01-20T12:00:00+99:00",
        "2026-02-30",
        "x" * 10_000,
        True,
        [],
        "2100-01-01\r\nX: y",
    ],
)
def test_what_is_no_instant_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        Ask.model_validate({"at": text})
