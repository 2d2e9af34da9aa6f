from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from wattshift.app.simulating.scenarios import READY_SCENARIOS
from wattshift.config.scenario import load_scenario, scenario_schema
from wattshift.config.scenarioparts import InvestmentGiven, PriceGiven, PriceKind, StartGiven
from wattshift.errors import ConfigError, InputError
from wattshift.simulate.behaviour import Investment, SitePower
from wattshift.simulate.price import BootstrapPrice, GivenPrice, HestonPrice, JumpPrice

HISTORY = BootstrapPrice(log_returns=np.linspace(-0.1, 0.1, 50))


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(f'name = "mine"\n{text}', encoding="utf-8")
    return path


@pytest.mark.parametrize("name", READY_SCENARIOS)
def test_ready_scenarios_are_sound_and_obey_the_schema(name: str) -> None:
    path = READY_SCENARIOS[name]
    file = load_scenario(path)
    assert file.name == name
    assert file.note
    jsonschema.validate(
        tomllib.loads(path.read_text(encoding="utf-8")), json.loads(json.dumps(scenario_schema()))
    )


def test_sites_are_read_and_their_units_told(tmp_path: Path) -> None:
    text = "[sites]\nvacant_frac = 0.1\nconnections_mw = 2_500.0\n"
    file = load_scenario(written(tmp_path, text))
    assert file.sites == SitePower(vacant_frac=0.1, connections_mw=2_500.0)
    with pytest.raises(ConfigError, match=r"connections_mw = 2500"):
        load_scenario(written(tmp_path, "[sites]\nconnections_gw = 2.5\n"))


def test_examples_are_the_scenarios_that_ship() -> None:
    folder = Path(__file__).parents[2] / "examples" / "scenarios"
    assert {path.name for path in folder.iterdir()} == {path.name for path in READY_SCENARIOS.values()}
    for path in READY_SCENARIOS.values():
        assert (folder / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("paths = 0", 2, "paths lies between 1 and"),
        ("horizon_days = 100000", 2, "horizon_days lies between"),
        ("seed = -1", 2, "seed lies between"),
        ("at = 2026-01-01T00:00:00", 2, "offset"),
        ("horizon_weeks = 4", 2, "write horizon_days = 28"),
        (
            '[[outages]]\nname = "o"\nstart_days = [1.0, 2.0]\nshare_pct = [10.0, 20.5]',
            5,
            "share_frac = [0.1, 0.205]",
        ),
        ('[[outages]]\nname = "o"\nstart_days = 3.0\nshare_frac = [0.1, 0.2]', 4, "a range [low, high]"),
        ('[[outages]]\nname = "o"\nstart_days = [3.0, 1.0]\nshare_frac = [0.1, 0.2]', 4, "range (low, high)"),
        (
            '[[outages]]\nname = "o"\nregion = "mars"\nstart_days = [1.0, 1.0]\nshare_frac = [0.1, 0.2]',
            4,
            "add a [[regions]] table",
        ),
        ("[ai]\nknot_days = [0.0]\nincome_usd_per_kwh = [0.2]", 4, "write income_usd_per_mwh = [200"),
        ('[price]\nkind = "jump"\nblock_days = 3.0', 4, "no number of a price of kind 'jump'"),
        ('[price]\nkind = "jump"', 2, "needs annual_volatility_frac"),
        ('[price]\nkind = "magic"', 3, "'bootstrap'"),
        ("[price]\nannual_drift_frac = -2.0", 3, "cannot lose more than all"),
        ("[start]\nprice_usd_per_btc = 0.0", 3, "must lie between"),
        ("[investment]\nlag_days = -4.0", 3, "a lag lies between"),
        (
            "[[backlogs]]\nfee_sat_per_vb = 5.0\nahead_vmb = 1.0\ninflow_vmb_per_s = 1.0",
            5,
            "nearly twice what blocks hold",
        ),
        ("[attack]\nattacker_frac = 1.5", 3, "between 0 and 1"),
        ("[attack]\nmachine_usd_per_th = 1e300", 3, "must lie between"),
        ("[attack]\nconfirmations = 0", 3, "between 1 and 1,000"),
        ("nam = 3", 2, "did you mean name?"),
    ],
)
def test_an_error_names_file_line_and_cure(tmp_path: Path, text: str, line: int, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_scenario(path)
    assert caught.value.context["file"] == path
    assert caught.value.context.get("line", 2) == line
    assert told in str(caught.value)


def test_at_most_ten_backlogs(tmp_path: Path) -> None:
    table = "[[backlogs]]\nfee_sat_per_vb = 5.0\nahead_vmb = 1.0\n"
    assert len(load_scenario(written(tmp_path, 10 * table)).backlogs) == 10
    with pytest.raises(ConfigError, match="at most 10"):
        load_scenario(written(tmp_path, 11 * table))


def test_what_is_left_out_is_what_was_calibrated() -> None:
    calibrated = Investment(lag_days=77.0, annual_growth_frac=0.4)
    assert InvestmentGiven().instead_of(calibrated) == calibrated
    assert InvestmentGiven(annual_growth_frac=0.0).instead_of(calibrated) == Investment(
        lag_days=77.0, annual_growth_frac=0.0
    )
    given = PriceGiven(block_days=5.0).instead_of(HISTORY)
    assert isinstance(given, BootstrapPrice)
    assert given.block_days == 5.0
    assert np.array_equal(given.log_returns, HISTORY.log_returns)


def test_every_kind_of_price_makes_its_process() -> None:
    jump = PriceGiven(
        kind=PriceKind.JUMP,
        annual_volatility_frac=0.5,
        jumps_per_year_count=4.0,
        jump_mean_frac=-0.1,
        jump_sd_frac=0.1,
    ).instead_of(HISTORY)
    assert jump == JumpPrice(
        annual_volatility_frac=0.5, jumps_per_year_count=4.0, jump_mean_frac=-0.1, jump_sd_frac=0.1
    )
    heston = PriceGiven(kind=PriceKind.HESTON, annual_volatility_frac=0.5, mean_volatility_frac=0.6)
    assert isinstance(heston.instead_of(HISTORY), HestonPrice)
    given = PriceGiven(kind=PriceKind.GIVEN, usd_per_btc=(1.0, 2.0)).instead_of(HISTORY)
    assert isinstance(given, GivenPrice)
    assert given.usd_per_btc.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("key", ["hashrate_ehs", "hashrate_sd_frac", "price_usd_per_btc", "fees_btc"])
def test_a_start_that_cannot_be_is_refused(key: str) -> None:
    with pytest.raises(InputError) as caught:
        StartGiven(**{key: -1.0})
    assert caught.value.context["key"] == key
