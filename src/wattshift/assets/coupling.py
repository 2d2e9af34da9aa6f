"""Whether a site's intervals hang together, or stand alone and have a closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields

from wattshift.assets.contract import Colocation, GpuCloud
from wattshift.assets.hall import AiHall
from wattshift.assets.miner import MinerClass
from wattshift.assets.site import Mining, Site
from wattshift.assets.tariff import Tariff

__all__ = ["beyond_merit_order"]

_PLAIN: dict[type, frozenset[str]] = {
    Site: frozenset({"name", "time_zone", "connection_mw", "tariff", "mining", "halls", "rules", "series"}),
    Tariff: frozenset(
        {
            *("price_series", "price_file", "price_usd_per_mwh", "adder_usd_per_mwh", "block"),
            "day_ahead_series",
        }
    ),
    Mining: frozenset({"strike_usd_per_mwh"}),
    MinerClass: frozenset(),
    AiHall: frozenset({"colocation", "gpu_cloud"}),
    Colocation: frozenset({"low_noi_margin_frac", "high_noi_margin_frac"}),
    GpuCloud: frozenset({"low_usd_per_gpu_h", "high_usd_per_gpu_h"}),
}
"""The optional keys that a merit order knows; keys without a default it knows all."""


def beyond_merit_order(site: Site) -> tuple[str, ...]:
    """The keys of a site file that only the coupled planner knows; none where the merit order is exact."""
    parts: list[object] = [site, site.tariff, *site.halls, *(hall.contract for hall in site.halls)]
    if site.mining is not None:
        parts += [site.mining, *site.mining.classes]
    return tuple(dict.fromkeys(key for part in parts for key in _unknown_keys(part)))


def _unknown_keys(part: object) -> Iterator[str]:
    for field in fields(part):  # type: ignore[arg-type]  # every part is a dataclass
        is_required = field.default is MISSING and field.default_factory is MISSING
        if not is_required and field.name not in _PLAIN[type(part)] and not _is_default(part, field):
            yield field.name


def _is_default(part: object, field: Field[object]) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return bool(getattr(part, field.name) == default)
