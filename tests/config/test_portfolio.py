from __future__ import annotations

from pathlib import Path

import pytest

from wattshift.config.portfolio import EXAMPLE_PORTFOLIO, LimitPeriod, load_portfolio
from wattshift.errors import ConfigError

EXAMPLE = EXAMPLE_PORTFOLIO.read_text(encoding="utf-8")


def refused(tmp_path: Path, old: str, new: str) -> ConfigError:
    """What is said of the example with one text replaced."""
    assert EXAMPLE.count(old) == 1
    path = tmp_path / "portfolio.toml"
    for site in EXAMPLE_PORTFOLIO.parent.glob("*.toml"):
        (tmp_path / site.name).write_bytes(site.read_bytes())
    path.write_text(EXAMPLE.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_portfolio(path)
    assert raised.value.hint
    assert str(tmp_path) in str(raised.value)
    return raised.value


def test_the_example_loads_with_its_sites() -> None:
    portfolio, sites = load_portfolio(EXAMPLE_PORTFOLIO)
    assert [site.name for site in sites] == ["Houston 100", "miner with battery"]
    assert portfolio.limits[0].limit_mw == 85.0
    assert portfolio.limits[1].period is LimitPeriod.MONTH
    assert portfolio.limits[1].sites == ("miner with battery",)


@pytest.mark.parametrize(
    ("old", "new", "message", "key"),
    [
        ("limit_mw = 85.0 ", "limit_kw = 85000.0 ", "another unit", "limits[0].limit_kw"),
        ("limit_mw = 85.0 ", "limit_mw = nan ", "limit_mw", "limits[0].limit_mw"),
        ("limit_mw = 85.0 ", "limit_mw = -1.0 ", "limit_mw", "limits[0].limit_mw"),
        ("limit_mw = 85.0 ", "", "power or on energy", "limits[0].limit_mw"),
        ("limit_mw = 85.0 ", 'limit_mw = 85.0\nperiod = "month" ', "needs a period", "limits[0].period"),
        ('period = "month" ', "", "needs a period", "limits[1].period"),
        ('period = "month" ', 'period = "week" ', "period", "limits[1].period"),
        ('sites = ["miner with battery"] ', 'sites = ["miner"] ', "no site 'miner'", "limits[1].sites"),
        ('sites = ["miner with battery"] ', "sites = [] ", "twice, or none", "limits[1].sites"),
        ('name = "miner with battery" ', 'name = "Houston 100" ', "same name", "sites[1].name"),
        ('time_zone = "America/Chicago" ', 'time_zone = "Texas" ', "IANA", "time_zone"),
        ('name = "Texas"', 'name = " "', "must not be empty", "name"),
        ('name = "the substation"', 'name = "the miner\'s monthly energy"', "same name", "limits[1].name"),
        ('file = "houston-100mw.toml"', 'fill = "houston-100mw.toml"', "not a known key", "sites[0].fill"),
    ],
)
def test_a_wrong_file_is_refused_with_key_and_cure(
    tmp_path: Path, old: str, new: str, message: str, key: str
) -> None:
    error = refused(tmp_path, old, new)
    assert message in str(error)
    assert error.context["key"] == key


def test_a_site_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, 'file = "houston-100mw.toml"', 'file = "dallas.toml"')
    assert "dallas.toml" in str(error)
