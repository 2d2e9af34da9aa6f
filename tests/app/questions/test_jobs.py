from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from wattshift.app.questions.jobs import (
    MAX_HORIZON_DAYS,
    MAX_PATHS,
    AskBacktest,
    AskSimulation,
    scenarios_of,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"scenario": "ban", "toml": "name = 'x'"},
        {"scenario": "../../etc/passwd"},
        {"scenario": "ban", "compare": "nothing"},
        {"scenario": "ban", "compare": "ban", "compare_toml": "name = 'x'"},
        {"scenario": "ban", "paths": 20_001},
        {"scenario": "ban", "paths": 0},
        {"scenario": "ban", "horizon_days": 1_101},
        {"scenario": "ban", "seed": -1},
        {"scenario": "ban", "at": "soon"},
        {"scenario": "ban", "file": "/etc/passwd"},
        {"toml": "x" * 65_537},
    ],
)
def test_what_may_not_be_simulated(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AskSimulation.model_validate(given)


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, False), (400, True), (401, False)])
def test_how_long_a_backtest_may_be(days: int, fits: bool) -> None:
    end_at = datetime.fromtimestamp(AT.timestamp() + days * 86_400, UTC)
    if fits:
        assert AskBacktest(start_at=AT, end_at=end_at).end_at == end_at
        return
    with pytest.raises(ValidationError):
        AskBacktest(start_at=AT, end_at=end_at)


def test_a_text_cannot_ask_for_more_than_may_be_asked() -> None:
    text = 'name = "mine"\npaths = 1_000_000\nhorizon_days = 3_000\nseed = 5\n'
    file, other = scenarios_of(AskSimulation(toml=text))
    assert (file.name, file.paths, file.horizon_days, file.seed) == ("mine", MAX_PATHS, MAX_HORIZON_DAYS, 5)
    assert other is None


def test_the_question_goes_before_the_text() -> None:
    asked = AskSimulation(toml='name = "mine"\npaths = 9\n', compare="ban", paths=7, horizon_days=3, seed=0)
    file, other = scenarios_of(asked)
    assert (file.paths, file.horizon_days, file.seed) == (7, 3, 0)
    assert other is not None
    assert other.name == "ban"
