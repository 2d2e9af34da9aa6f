"""State files: how a site stands at an instant, in TOML."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

from wattshift.assets.site import Site
from wattshift.assets.state import SiteState, require_fits
from wattshift.config.tomlfile import TomlFile
from wattshift.errors import ConfigError, InputError

__all__ = ["EXAMPLE_STATE", "load_state", "state_schema"]

EXAMPLE_STATE = Path(__file__).resolve().parent.parent / "data" / "state.toml"
"""A commented state of the example site with a battery."""

_FILE = TomlFile(
    SiteState,
    noun="state file",
    example="`wattshift example-state` shows every key",
    other_units_ratio=MappingProxyType(
        {"kw": ("mw", 1e-3), "kwh": ("mwh", 1e-3), "minutes": ("hours", 1 / 60)}
    ),
)


def load_state(path: Path, site: Site) -> SiteState:
    """Read and check a state file.

    Raises:
        ConfigError: if the file cannot be read, is not TOML, or does not describe a state of this site.
    """
    state = _FILE.load(path)
    if state.at is None:
        raise ConfigError(
            "at is missing", file=path, key="at", hint="add at = 2026-03-07T14:00:00Z at the top of the file"
        )
    try:
        require_fits(state, site)
    except InputError as error:
        raise _FILE.refused(path, error) from None
    return state


def state_schema() -> dict[str, Any]:
    """The JSON schema of a state file."""
    return {**_FILE.schema(), "required": ["at"]}
