"""Scenario files: what is simulated, in TOML.

What a file leaves out follows from what was known at the instant of the start; see
`wattshift.simulate.calibrate`. What it gives takes the place of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from wattshift.assets.bounds import STRICT, require_name
from wattshift.config.scenarioparts import AttackGiven, Backlog, InvestmentGiven, PriceGiven, StartGiven
from wattshift.config.tomlfile import TomlFile
from wattshift.errors import InputError
from wattshift.measures.stress.costcurve import SURVEY_POWER, PowerPrices
from wattshift.simulate.behaviour import AiPull, HashrateNoise, SitePower, Switching
from wattshift.simulate.events import Event, Outage, PriceShock, Shipment
from wattshift.simulate.fees import FeeProcess
from wattshift.simulate.fleet import Region
from wattshift.simulate.scenario import MAX_DAYS, MAX_PATHS

__all__ = ["ScenarioFile", "load_scenario", "read_scenario", "scenario_schema"]

_MAX_BACKLOGS = 10
_MAX_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFile:
    """A scenario as people write it.

    Args:
        name: how it is called.
        note: what it is about, in a sentence.
        at: the instant of the start; by default the newest one known.
        horizon_days: days simulated.
        paths: how many courses are drawn.
        seed: of all luck.
        responds: whether machines are switched by margin at all.
        invests: whether new machines arrive and old ones wear out.
        start: the network at the start.
        price: how the bitcoin price moves.
        fees: how fees move.
        noise: what moves the hashrate beside the model's economics.
        power: what miners pay for power.
        switching: when machines go off and come back.
        investment: how new machines arrive.
        sites: the power that machines can stand on.
        ai: the pull of AI; without it there is none.
        regions: parts of the network that outages can strike.
        outages: machines that stop and partly come back: a ban, a storm, a pool that fails.
        price_shocks: jumps of the price.
        shipments: machines that arrive unseen.
        backlogs: the mempool by fee rate; at most ten.
        attack: what an attack is reckoned with.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    note: str = ""
    at: datetime | None = None
    horizon_days: int = 365
    paths: int = 10_000
    seed: int = 1
    responds: bool = True
    invests: bool = True
    start: StartGiven = field(default_factory=StartGiven)
    price: PriceGiven = field(default_factory=PriceGiven)
    fees: FeeProcess | None = None
    noise: HashrateNoise | None = None
    power: PowerPrices = SURVEY_POWER
    switching: Switching = field(default_factory=Switching)
    investment: InvestmentGiven = field(default_factory=InvestmentGiven)
    sites: SitePower = field(default_factory=SitePower)
    ai: AiPull | None = None
    regions: tuple[Region, ...] = ()
    outages: tuple[Outage, ...] = ()
    price_shocks: tuple[PriceShock, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    backlogs: tuple[Backlog, ...] = ()
    attack: AttackGiven = field(default_factory=AttackGiven)

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            InputError: naming the key.
        """
        require_name("name", self.name)
        if self.at is not None and self.at.tzinfo is None:
            raise InputError("an instant needs an offset", key="at", hint="write at = 2026-03-07T14:00:00Z")
        for key, least, most in (
            ("horizon_days", 1, MAX_DAYS),
            ("paths", 1, MAX_PATHS),
            ("seed", 0, _MAX_SEED),
        ):
            if not least <= getattr(self, key) <= most:
                raise InputError(
                    f"{key} lies between {least} and {most:,}", key=key, value=getattr(self, key)
                )
        if len(self.backlogs) > _MAX_BACKLOGS:
            raise InputError(f"at most {_MAX_BACKLOGS} backlogs can be asked about", key="backlogs")
        self._require_regions()

    def _require_regions(self) -> None:
        known = [region.name for region in self.regions]
        for number, outage in enumerate(self.outages):
            if outage.region is not None and outage.region not in known:
                raise InputError(
                    f"there is no region {outage.region!r}",
                    key=f"outages.{number}.region",
                    hint=f"the regions are {', '.join(known)}" if known else "add a [[regions]] table",
                )

    @property
    def events(self) -> tuple[Event, ...]:
        """All that strikes from outside."""
        return (*self.outages, *self.price_shocks, *self.shipments)


_FILE = TomlFile(
    ScenarioFile,
    noun="scenario file",
    example="`wattshift example-scenario` shows a file",
    other_units_ratio=MappingProxyType(
        {
            "phs": ("ehs", 1e-3),
            "ths": ("ehs", 1e-6),
            "zhs": ("ehs", 1e3),
            "gw": ("mw", 1e3),
            "kw": ("mw", 1e-3),
            "usd_per_kwh": ("usd_per_mwh", 1e3),
            "cents_per_kwh": ("usd_per_mwh", 10.0),
            "w_per_th": ("j_per_th", 1.0),
            "j_per_gh": ("j_per_th", 1e3),
            "usd_per_gh": ("usd_per_th", 1e3),
            "pct": ("frac", 1e-2),
            "percent": ("frac", 1e-2),
            "sat": ("btc", 1e-8),
            "btc_per_kvb": ("sat_per_vb", 1e5),
            "mb": ("vmb", 1.0),
            "hours": ("days", 1 / 24),
            "h": ("days", 1 / 24),
            "weeks": ("days", 7.0),
            "months": ("days", 365.25 / 12),
            "years": ("days", 365.25),
        }
    ),
)


def load_scenario(path: Path) -> ScenarioFile:
    """Read and check a scenario file.

    Raises:
        ConfigError: if the file cannot be read, is not TOML, or does not describe a scenario.
    """
    return _FILE.load(path)


def read_scenario(text: str) -> ScenarioFile:
    """Check the text of a scenario file.

    Raises:
        ConfigError: if it is not TOML, or does not describe a scenario.
    """
    return _FILE.read(text, Path("scenario"))


def scenario_schema() -> dict[str, Any]:
    """The JSON schema of a scenario file."""
    return _FILE.schema()
