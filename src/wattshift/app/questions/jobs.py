"""Questions that take long: simulations and backtests, within what one who asks may have computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wattshift.app.questions.question import Ask, Instant
from wattshift.app.simulating.scenarios import READY_SCENARIOS, open_scenario
from wattshift.config.scenario import ScenarioFile, read_scenario

__all__ = [
    "MAX_BACKTEST_DAYS",
    "MAX_HORIZON_DAYS",
    "MAX_PATHS",
    "AskBacktest",
    "AskSimulation",
    "scenarios_of",
]

MAX_PATHS = 20_000
MAX_HORIZON_DAYS = 1_100
MAX_BACKTEST_DAYS = 400
_MOST_TEXT = 64 * 1024


class AskSimulation(Ask):
    """What may be simulated: a scenario that ships, or one's own, alone or beside a second one."""

    scenario: str | None = Field(
        default=None,
        max_length=40,
        description=f"Name of a scenario that ships: {', '.join(READY_SCENARIOS)}.",
        examples=["ban"],
    )
    toml: str | None = Field(
        default=None, max_length=_MOST_TEXT, description="Or the text of a scenario file (TOML)."
    )
    compare: str | None = Field(
        default=None,
        max_length=40,
        description="A second scenario that ships: differences path by path, with the same luck.",
    )
    compare_toml: str | None = Field(
        default=None, max_length=_MOST_TEXT, description="Or the text of a second one."
    )
    paths: Annotated[int, Field(ge=1, le=MAX_PATHS)] | None = Field(
        default=None, description="Courses drawn. Default: the scenario's, but not above the limit."
    )
    horizon_days: Annotated[int, Field(ge=1, le=MAX_HORIZON_DAYS)] | None = Field(
        default=None, description="Days simulated. Default: the scenario's, but not above the limit."
    )
    seed: Annotated[int, Field(ge=0, le=2**53)] | None = Field(
        default=None, description="Of all luck. Default: the scenario's."
    )

    @model_validator(mode="after")
    def _names_scenarios(self) -> Self:
        if (self.scenario is None) == (self.toml is None):
            raise ValueError("give either scenario, the name of one that ships, or toml, the text of one")
        if self.compare is not None and self.compare_toml is not None:
            raise ValueError("give either compare or compare_toml")
        for name in (self.scenario, self.compare):
            if name is not None and name not in READY_SCENARIOS:
                raise ValueError(f"the scenarios that ship are {', '.join(READY_SCENARIOS)}")
        return self


class AskBacktest(BaseModel):
    """What may be replayed: the service's site over a stretch of history."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start_at: Instant = Field(description="Start of the stretch of time.", examples=["2026-01-01T00:00:00Z"])
    end_at: Instant = Field(
        description=f"Its end, at most {MAX_BACKTEST_DAYS} days later.", examples=["2026-02-01T00:00:00Z"]
    )
    hashprice_usd_per_ph_day: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        default=None, description="One hashprice throughout, not the measured ones [USD/PH/day]."
    )

    @model_validator(mode="after")
    def _is_stretch(self) -> Self:
        days = (self.end_at - self.start_at).total_seconds() / 86_400
        if not 0 < days <= MAX_BACKTEST_DAYS:
            raise ValueError(f"the end lies after the start, by at most {MAX_BACKTEST_DAYS} days")
        return self


def scenarios_of(ask: AskSimulation) -> tuple[ScenarioFile, ScenarioFile | None]:
    """The scenario that is meant, and the second one; the first within what may be asked.

    Raises:
        ConfigError: if a text is not a scenario.
    """
    first = _read(ask.scenario, ask.toml)
    assert first is not None  # noqa: S101  # the question's own check
    return replace(
        first,
        paths=ask.paths or min(first.paths, MAX_PATHS),
        horizon_days=ask.horizon_days or min(first.horizon_days, MAX_HORIZON_DAYS),
        seed=first.seed if ask.seed is None else ask.seed,
    ), _read(ask.compare, ask.compare_toml)


def _read(ready: str | None, toml: str | None) -> ScenarioFile | None:
    if ready is not None:
        return open_scenario(ready)
    return None if toml is None else read_scenario(toml)
