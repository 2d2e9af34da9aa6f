"""Portfolio files: several sites and what they share, in TOML."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from wattshift.assets.bounds import STRICT, require_name, require_not_negative
from wattshift.assets.site import Site
from wattshift.assets.wiring import require_distinct, require_known
from wattshift.config.site import load_site
from wattshift.config.tomlfile import TomlFile
from wattshift.errors import InputError

__all__ = [
    "EXAMPLE_PORTFOLIO",
    "LimitPeriod",
    "Portfolio",
    "PortfolioLimit",
    "PortfolioSite",
    "load_portfolio",
    "portfolio_schema",
]

EXAMPLE_PORTFOLIO = Path(__file__).resolve().parent.parent / "data" / "portfolio-texas.toml"
"""A commented portfolio of the two example sites."""


class LimitPeriod(StrEnum):
    """How often a limit on energy begins anew."""

    MONTH = "month"
    YEAR = "year"
    WINDOW = "window"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSite:
    """A site of a portfolio.

    Args:
        file: its site file; a relative path starts at the portfolio file's folder.
        name: what it is called here; by default its own name.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    file: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioLimit:
    """What sites may draw together: power at any time, or energy in each period.

    Args:
        name: in the contract's own words.
        limit_mw: the most power [MW].
        limit_mwh: the most energy in each period [MWh].
        period: of a limit on energy.
        sites: which sites it covers; all where it is left out.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    limit_mw: float | None = None
    limit_mwh: float | None = None
    period: LimitPeriod | None = None
    sites: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a limit on nothing, or on two things.

        Raises:
            InputError: naming the key.
        """
        require_name("name", self.name)
        if (self.limit_mw is None) == (self.limit_mwh is None):
            raise InputError(
                "a shared limit is on power or on energy",
                key="limit_mw",
                hint="give either limit_mw, or limit_mwh with its period",
            )
        for key, value in (("limit_mw", self.limit_mw), ("limit_mwh", self.limit_mwh)):
            if value is not None:
                require_not_negative(key, value)
        if (self.period is None) != (self.limit_mwh is None):
            raise InputError(
                "a limit on energy needs a period, and one on power has none",
                key="period",
                hint='give limit_mwh with period = "month", "year" or "window"',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Several sites and their shared limits.

    Args:
        name: of the portfolio.
        sites: its sites.
        limits: what they share.
        time_zone: IANA time zone whose months and years count.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT

    name: str
    sites: tuple[PortfolioSite, ...]
    limits: tuple[PortfolioLimit, ...]
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse a portfolio without sites or limits.

        Raises:
            InputError: naming the key.
        """
        require_name("name", self.name)
        for key, rows in (("sites", self.sites), ("limits", self.limits)):
            if not rows:
                raise InputError(f"a portfolio needs {key}", key=key, hint=f"add a [[{key}]] table")
        require_distinct("limit", "limits", (limit.name for limit in self.limits))
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise InputError(
                "time_zone is not an IANA time zone", key="time_zone", hint='such as "America/Chicago"'
            ) from None


_FILE = TomlFile(
    Portfolio,
    noun="portfolio file",
    example="`wattshift portfolio --example` shows every key",
    other_units_ratio=MappingProxyType({"gw": ("mw", 1e3), "kw": ("mw", 1e-3), "kwh": ("mwh", 1e-3)}),
)


def load_portfolio(path: Path) -> tuple[Portfolio, tuple[Site, ...]]:
    """Read and check a portfolio file and the site files that it names; the sites carry their names in it.

    Raises:
        ConfigError: if a file cannot be read, is not TOML, or does not describe what it should.
    """
    portfolio = _FILE.load(path)
    sites = []
    for named in portfolio.sites:
        site = load_site(path.parent / named.file)
        sites.append(site if named.name is None else dataclasses.replace(site, name=named.name))
    try:
        _require_names(portfolio, [site.name for site in sites])
    except InputError as error:
        raise _FILE.refused(path, error) from None
    return portfolio, tuple(sites)


def _require_names(portfolio: Portfolio, names: list[str]) -> None:
    require_distinct("site", "sites", names)
    for number, limit in enumerate(portfolio.limits):
        key = f"limits.{number}.sites"
        require_known("site", key, limit.sites or (), names)
        if limit.sites is not None and len(set(limit.sites)) < max(1, len(limit.sites)):
            raise InputError(
                "a limit names a site twice, or none",
                key=key,
                hint="name each site once; leave the key out for all sites",
            )


def portfolio_schema() -> dict[str, Any]:
    """The JSON schema of a portfolio file."""
    return _FILE.schema()
