"""A simulation as one self-contained HTML page: no script, no request, readable in light, dark and print.

Names and notes come from a scenario file and are hostile until the template has escaped them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from jinja2 import Environment

from wattshift.report.documents.simulation import Band, SimulationDocument
from wattshift.report.figures import day
from wattshift.report.page.environment import open_environment
from wattshift.report.page.fancharts import fan_chart, retarget_chart
from wattshift.report.securitywords import machine_in_words
from wattshift.report.simulationlines import (
    Line,
    departure_heads,
    departure_lines,
    difference_lines,
    safety_lines,
    tile_lines,
    wait_lines,
)
from wattshift.report.simulationwords import LOOKS, band_in_words
from wattshift.report.words import percent

__all__ = ["SIMULATION_FILTERS", "simulation_html", "simulation_parts"]

_NETWORK = ("hashrate_ehs", "interval_s", "difficulty")
_INCOME = ("hashprice_usd_per_ph_day", "mining_value_usd_per_mwh", "under_water_frac", "price_usd_per_btc")
_MACHINES = ("power_gw", "off_gw", "converted_gw", "new_gw", "curtailed_gw")
_SECURITY = ("standing_ehs", "budget_usd_m_per_year")
_LEAST = 0.005


def simulation_html(document: SimulationDocument) -> str:
    """The whole page."""
    return _environment().get_template("simulation.html.j2").render(**simulation_parts(document))


def simulation_parts(document: SimulationDocument) -> Mapping[str, object]:
    """What the templates of a simulation are filled with."""
    compared = document.comparison
    return {
        "document": document,
        "heads": ("", *(f">{day(at)}" for at in document.marks_at)),
        "network": (
            fan_chart(document, _NETWORK[0]),
            retarget_chart(document),
            *(fan_chart(document, name) for name in _NETWORK[1:]),
        ),
        "income": tuple(fan_chart(document, name) for name in _INCOME),
        "machines": tuple(fan_chart(document, name) for name in _MACHINES if _happens(document, name)),
        "security": tuple(fan_chart(document, name) for name in _SECURITY),
        "tiles": tile_lines(document),
        "states": _states(document),
        "safety": safety_lines(document, document.safety),
        "waits": wait_lines(document.waits),
        "left": difference_lines(document.exit_effect.differences),
        "pulled": () if document.ai_effect is None else difference_lines(document.ai_effect.differences),
        "differences": () if compared is None else difference_lines(compared.differences),
        "machine": machine_in_words(document.machine),
        "gone": departure_lines(document),
        "gone_heads": ("cause", *departure_heads(document)),
    }


@cache
def _environment() -> Environment:
    return open_environment(SIMULATION_FILTERS)


def _hashprice(band: Band) -> str:
    return band_in_words("hashprice_usd_per_ph_day", band)


def _worth(band: Band) -> str:
    return band_in_words("mining_value_usd_per_mwh", band)


def _share(value_frac: float) -> str:
    return percent(value_frac, signed=False)


def _happens(document: SimulationDocument, name: str) -> bool:
    """Whether there is anything to draw: no path converts where AI does not pull."""
    course = next(each for each in document.courses if each.name == name)
    return max(course.high) > _LEAST


def _states(document: SimulationDocument) -> tuple[Line, ...]:
    return tuple(
        Line(
            title=f"{LOOKS[each.name].title}, {LOOKS[each.name].unit}",
            cells=tuple(band_in_words(each.name, band) for band in each.bands),
        )
        for each in document.states
        if not each.name.endswith("_gw") or max(band.high for band in each.bands) > _LEAST
    )


SIMULATION_FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {"day": day, "hashprice": _hashprice, "worth": _worth, "share": _share}
)
"""The filters that those templates need."""
