"""Site files: what a site owns, in TOML."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wattshift.assets.site import Site
from wattshift.config.tomlfile import TomlFile

__all__ = ["load_site", "site_schema"]

_FILE = TomlFile(
    Site,
    noun="site file",
    example="`wattshift example-site` shows every key",
    other_units_ratio=MappingProxyType(
        {
            "gw": ("mw", 1e3),
            "kw": ("mw", 1e-3),
            "w": ("mw", 1e-6),
            "kwh": ("mwh", 1e-3),
            "wh": ("mwh", 1e-6),
            "mw_per_min": ("mw_per_h", 60.0),
            "kw_per_min": ("mw_per_h", 0.06),
            "usd_per_kwh": ("usd_per_mwh", 1e3),
            "usd_per_kw_month": ("usd_per_mw_month", 1e3),
            "usd_per_kw_year": ("usd_per_mw_year", 1e3),
            "kg_per_mwh": ("t_per_mwh", 1e-3),
            "g_per_kwh": ("t_per_mwh", 1e-3),
            "kg_per_kwh": ("t_per_mwh", 1.0),
            "ms": ("s", 1e-3),
            "min": ("h", 1 / 60),
            "minutes": ("h", 1 / 60),
            "cents_per_kwh": ("usd_per_mwh", 10.0),
            "w_per_th": ("j_per_th", 1.0),
            "w_per_ths": ("j_per_th", 1.0),
            "j_per_gh": ("j_per_th", 1e3),
            "ghs": ("ths", 1e-3),
            "phs": ("ths", 1e3),
            "pct": ("frac", 1e-2),
            "percent": ("frac", 1e-2),
            "usd_per_mw_year": ("usd_m_per_mw_year", 1e-6),
            "usd_per_mw": ("usd_m_per_mw", 1e-6),
            "w_per_gpu": ("kw_per_gpu", 1e-3),
        }
    ),
)


def load_site(path: Path) -> Site:
    """Read and check a site file.

    A relative `price_file` or `file` of a series is meant relative to the site file and comes back joined to
    its folder.

    Raises:
        ConfigError: if the file cannot be read, is not TOML, or does not describe a site.
    """
    site = _FILE.load(path)
    tariff = site.tariff
    if tariff.price_file is not None:
        tariff = dataclasses.replace(tariff, price_file=str(path.parent / tariff.price_file))
    series = tuple(
        each if each.file is None else dataclasses.replace(each, file=str(path.parent / each.file))
        for each in site.series
    )
    return dataclasses.replace(site, tariff=tariff, series=series)


def site_schema() -> dict[str, Any]:
    """The JSON schema of a site file."""
    return _FILE.schema()
