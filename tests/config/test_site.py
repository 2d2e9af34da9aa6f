from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.faults import scaled
from wattshift.config import load_site, site_schema
from wattshift.errors import ConfigError

EXAMPLES = Path(__file__).parents[2] / "examples"
HOUSTON = (EXAMPLES / "houston-100mw.toml").read_text()


def refuse(path: Path, text: str) -> ConfigError:
    path.write_text(text)
    with pytest.raises(ConfigError) as raised:
        load_site(path)
    assert str(path) in str(raised.value)
    assert raised.value.hint
    return raised.value


def line_of(text: str, wanted: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if wanted in line)


def test_houston_example() -> None:
    site = load_site(EXAMPLES / "houston-100mw.toml")
    assert site.connection_mw == 100.0
    assert site.installed_mw > site.connection_mw
    assert site.floor_mw == pytest.approx(16.1)
    assert [hall.kind.value for hall in site.halls] == ["colocation", "gpu_cloud"]
    assert [len(site.machines), len(site.rules)] == [3, 3]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*mw.toml")), ids=lambda path: str(path.name))
def test_every_example_loads_and_fits_the_schema(path: Path) -> None:
    load_site(path)
    raw = json.loads(json.dumps(tomllib.loads(path.read_text()), default=lambda value: value.isoformat()))
    schema = site_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(raw, schema)


def test_schema_refuses_unknown_keys() -> None:
    raw = tomllib.loads((EXAMPLES / "fixed-price-10mw.toml").read_text())
    with pytest.raises(jsonschema.ValidationError, match="connection_kw"):
        jsonschema.validate({**raw, "connection_kw": 1.0}, site_schema())


def test_a_price_file_is_relative_to_the_site_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    text = (EXAMPLES / "fixed-price-10mw.toml").read_text()
    path.write_text(text.replace("price_usd_per_mwh = 52.0", 'price_file = "prices/mine.csv"'))
    assert load_site(path).tariff.price_file == str(tmp_path / "prices" / "mine.csv")


CASES = [
    # what is written instead of what, the key it is about, what the message must say
    ("connection_mw = 100.0", "connection_kw = 100000", "connection_kw", "write connection_mw = 100"),
    ("efficiency_j_per_th = 18.5", "efficiency_w_per_th = 18.5", "mining.classes[1].efficiency_w_per_th",
     "write efficiency_j_per_th = 18.5"),
    ("efficiency_j_per_th = 18.5", "efficiency_j_per_th = -18.5", "mining.classes[1].efficiency_j_per_th",
     "must be positive"),
    ("efficiency_j_per_th = 18.5", "efficiency_j_per_th = 3478", "mining.classes[1].efficiency_j_per_th",
     "write 18.5 (W per TH/s)"),
    ("efficiency_j_per_th = 18.5", "power_w = 3478", "mining.classes[1].power_w", "the keys here are name"),
    ("pool_fee_frac = 0.01", "pool_fee_frac = 2", "mining.pool_fee_frac", "write 0.02"),
    ("pool_fee_frac = 0.01", "pool_fee_pct = 2", "mining.pool_fee_pct", "write pool_fee_frac = 0.02"),
    ("floor_mw = 13.5", "floor_mw = 150.0", "halls[0].floor_mw", "exceeds its 15 MW"),
    ("connection_mw = 100.0", "connection_mw = 15.0", "halls[0].floor_mw", "above the connection of 15 MW"),
    ("max_mw = 20.0", "max_mw = 10.0", "rules[0].max_mw", "AI floors sum to 16.1 MW"),
    ("count = 10000 ", "count = 10000.5 ", "mining.classes[1].count", "give a whole number"),
    ("count = 10000 ", "counts = 10000 ", "mining.classes[1].counts", "did you mean count?"),
    ("count = 10000 ", "", "mining.classes[1].count", "count is missing"),
    ("count = 10000 ", 'count = "many" ', "mining.classes[1].count", "give a whole number"),
    ("months = [6, 7, 8, 9]", "months = [6, 13]", "rules[0].months", "between 1 and 12"),
    ('weekdays = ["mon",', 'weekdays = ["monday",', "rules[0].weekdays[0]", "'mon', 'tue'"),
    ("max_mw = 45.0", "max_mw = nan", "rules[1].max_mw", "finite number"),
    ("max_mw = 45.0", "max_mw = inf", "rules[1].max_mw", "finite number"),
    ("connection_mw = 100.0", "connection_mw = true", "connection_mw", "valid number"),
    ("connection_mw = 100.0", 'connection_mw = "100"', "connection_mw", "without quotes"),
    ('price_series = "ercot_rtm_hb_houston_15min"', "price_usd_per_mwh = 0.045", "tariff.price_usd_per_mwh",
     "write 45 (USD per MWh)"),
    ('price_series = "ercot_rtm_hb_houston_15min"', "price_usd_per_kwh = 0.045", "tariff.price_usd_per_kwh",
     "write price_usd_per_mwh = 45"),
    ('price_series = "ercot_rtm_hb_houston_15min"', 'price_series = "ercot"', "tariff.price_series",
     "no such bundled price series"),
    ("start_at = 2026-03-07T14:00:00Z", "start_at = 2026-03-07T14:00:00", "rules[2].start_at", "UTC offset"),
    ("start_at = 2026-03-07T14:00:00Z", "start_at = 14:00:00", "rules[2].start_at", "an instant"),
    ('time_zone = "America/Chicago"', 'time_zone = "Texas"', "time_zone", "IANA"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), CASES, ids=[case[1] or case[0] for case in CASES])
def test_bad_values_name_file_line_key_and_cure(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    assert old in HOUSTON
    text = HOUSTON.replace(old, new, 1)
    error = refuse(tmp_path / "site.toml", text)
    assert error.context["key"] == key
    assert says in str(error)
    if new and key.rpartition(".")[2].partition("[")[0] in new:
        assert error.context["line"] == line_of(text, new)


RICH = (EXAMPLES / "west-texas-300mw.toml").read_text()
RICH_CASES = [
    ("export_mw = 40.0", "export_kw = 40000", "export_kw", "write export_mw = 40"),
    ("charge_usd_per_mw_month = 2500.0", "charge_usd_per_kw_month = 2.5",
     "tariff.demand_charges[0].charge_usd_per_kw_month", "write charge_usd_per_mw_month = 2500"),
    ("charge_usd_per_mw_month = 2500.0", "charge_usd_per_mw_month = 2.5",
     "tariff.demand_charges[0].charge_usd_per_mw_month", "write 2500 (USD for each MW)"),
    ("charge_usd_per_mw_year = 67000.0", "charge_usd_per_kw_year = 67",
     "tariff.coincident_peaks[0].charge_usd_per_kw_year", "write charge_usd_per_mw_year = 67000"),
    ("energy_mwh = 100.0", "energy_kwh = 100000", "batteries[0].energy_kwh", "write energy_mwh = 100"),
    ("energy_mwh = 100.0", "energy_mwh = 100000.0", "batteries[0].energy_mwh", "write 100 (MWh)"),
    ("round_trip_frac = 0.86", "round_trip_percent = 86", "batteries[0].round_trip_percent",
     "write round_trip_frac = 0.86"),
    ("grid_t_per_mwh = 0.37", "grid_kg_per_mwh = 370", "carbon.grid_kg_per_mwh", "grid_t_per_mwh = 0.37"),
    ("grid_t_per_mwh = 0.37", "grid_t_per_mwh = 370.0", "carbon.grid_t_per_mwh", "write 0.37 (t/MWh)"),
    ("boot_h = 0.25 ", "boot_min = 15 ", "mining.classes[0].boot_min", "write boot_h = 0.25"),
    ("duration_h = 0.25", "duration_minutes = 15", "ancillary[1].duration_minutes", "duration_h = 0.25"),
    ("ramp_up_mw_per_h = 120.0 ", "ramp_up_mw_per_min = 2 ", "mining.classes[0].ramp_up_mw_per_min",
     "write ramp_up_mw_per_h = 120"),
    ("limit_mw = 150.0", "limit_mw = 40.0", "feeders[0].limit_mw", "the halls were promised"),
    ('kind = "firm" ', 'kind = "fixed" ', "halls[1].gpu_cloud.job_classes[0].kind", "'firm'"),
    ('uses = ["air 19 J/TH"]', 'uses = ["air 19"]', "ancillary[1].uses", "did you mean 'air 19 J/TH'"),
    ('name = "wind farm"', 'name = "wind"', "tariff.ppa.produced_series", "no series 'wind farm'"),
    ("outside_c = 45.0", "outside_c = 113.0", "mining.derating[1].outside_c", "Fahrenheit, write 45"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), RICH_CASES, ids=[case[1] for case in RICH_CASES])
def test_bad_values_of_a_rich_site_name_key_and_cure(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    assert old in RICH
    error = refuse(tmp_path / "site.toml", RICH.replace(old, new, 1))
    assert error.context["key"] == key
    assert says in str(error)


def test_a_series_file_is_relative_to_the_site_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(RICH)
    assert load_site(path).series[0].file == str(tmp_path / "series" / "wind-farm.csv")


def test_a_misspelt_table_is_named(tmp_path: Path) -> None:
    text = HOUSTON.replace("\n[halls.gpu_cloud]", "\n[halls.gpu_clod]")
    error = refuse(tmp_path / "site.toml", text)
    assert error.context["line"] == line_of(text, "[halls.gpu_clod]")
    assert "did you mean gpu_cloud?" in str(error)


def test_further_problems_are_counted(tmp_path: Path) -> None:
    error = refuse(tmp_path / "site.toml", 'name = "a"\n')
    assert error.context["further_problems"] == 2


def test_toml_syntax_names_the_line(tmp_path: Path) -> None:
    error = refuse(tmp_path / "site.toml", 'name = "a"\ntime_zone = Texas\n')
    assert error.context["line"] == 2


@pytest.mark.parametrize("value", ["0x" + "f" * 5000, "[" * 3000, "9" * 400, "9" * 5000, "[[1]]", "{a = 1}"])
def test_monsters_are_refused_in_words(tmp_path: Path, value: str) -> None:
    refuse(tmp_path / "site.toml", HOUSTON.replace("connection_mw = 100.0", f"connection_mw = {value}"))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_site(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="directory"):
        load_site(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(ConfigError, match="UTF-8"):
        load_site(tmp_path / "latin.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(ConfigError, match="above 1 MB"):
        load_site(tmp_path / "big.toml")


def test_a_byte_order_mark_is_harmless(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HOUSTON.encode())
    assert load_site(path).name == "Houston 100"


VALUES = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters="\"\\'"), max_size=8),
)


@settings(max_examples=scaled(100, 4_000), deadline=None)
@given(line=st.integers(0, len(HOUSTON.splitlines()) - 1), value=VALUES)
def test_no_value_anywhere_gives_anything_but_a_site_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, line: int, value: object
) -> None:
    lines = HOUSTON.splitlines()
    key, equals, _ = lines[line].partition("=")
    written = f"'{value}'" if isinstance(value, str) else str(value).lower()
    lines[line] = f"{key}{equals} {written}" if equals else written
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_text("\n".join(lines))
    error: ConfigError | None = None
    try:
        load_site(path)
    except ConfigError as refusal:
        error = refusal
    assert error is None or (str(path) in str(error) and error.hint)
