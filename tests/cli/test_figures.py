"""The published figures, from the command line."""

from __future__ import annotations

import pytest

from support.commandline import Run


def test_hashrate_of_19_january_2026(run: Run) -> None:
    body = run("hashrate", "--at", "2026-01-19T12:00Z", "--window", "7d", "--below", "1000", "--json").json()
    assert body["mean_ehs"] == pytest.approx(992, abs=0.5)
    assert body["low_ehs"] == pytest.approx(931, abs=1)
    assert body["high_ehs"] == pytest.approx(1057, abs=1)
    assert body["blocks"] == 954
    assert body["below_prob"] == pytest.approx(0.59, abs=0.01)


@pytest.mark.parametrize(
    ("at", "expected_ehs"),
    [
        ("2025-10-10", 996.2),
        ("2026-01-15", 998.1),
        ("2026-01-17", 992.3),
        ("2026-01-18", 978.8),
        ("2026-01-19", 997.5),
    ],
)
def test_hashrate_at_midnights(run: Run, at: str, expected_ehs: float) -> None:
    assert run("hashrate", "--at", at, "--json").json()["mean_ehs"] == pytest.approx(expected_ehs, abs=0.06)


def test_highest_week_before_january_2026(run: Run) -> None:
    peak = run("hashrate", "--at", "2026-01-19T12:00Z", "--peak-window", "120d", "--json").json()["peak"]
    assert peak["mean_ehs"] == pytest.approx(1155.2, abs=0.05)
    assert peak["at"] == "2025-10-18T22:00:00Z"


def test_period_means_from_october_to_january(run: Run) -> None:
    body = run("hashrate", "--period", "462", "--versus-period", "456", "--json").json()
    assert body["start_at"].startswith("2026-01-08")
    assert body["change"]["before"]["start_at"].startswith("2025-10-16")
    assert body["change"]["change_frac"] == pytest.approx(-0.092, abs=0.0005)
    assert body["change"]["low_frac"] == pytest.approx(-0.146, abs=0.0006)
    assert body["change"]["high_frac"] == pytest.approx(-0.034, abs=0.0006)


def test_projection_that_the_press_printed(run: Run) -> None:
    body = run("difficulty", "--at", "2026-01-19T01:00Z", "--json").json()
    assert body["mempool"]["change_frac"] == pytest.approx(-0.0437, abs=0.0002)
    assert body["progress"]["blocks_since_first"] == 1473
    assert body["pooled"]["low_frac"] < -0.03280 < body["pooled"]["high_frac"]


def test_retargets_of_the_winter(run: Run) -> None:
    body = run("difficulty", "--at", "2026-02-20", "--count", "8", "--json").json()
    found = {row["height"]: row["change_frac"] * 100 for row in body["adjustments"]}
    expected = {
        923328: -2.373,
        925344: -1.951,
        927360: -0.741,
        929376: 0.043,
        931392: -1.205,
        933408: -3.280,
        935424: -11.16,
        937440: 14.73,
    }
    assert found == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2025-12-19T23:59Z", 36.5),
        ("2025-12-20T23:59Z", 37.6),
        ("2026-01-17T23:59Z", 41.2),
        ("2026-01-19T12:00Z", 40.4),
    ],
)
def test_hashprice(run: Run, at: str, expected: float) -> None:
    body = run("hashprice", "--at", at, "--json").json()
    assert body["usd_per_ph_day"] == pytest.approx(expected, abs=0.15)
    assert body["low_usd_per_ph_day"] < body["usd_per_ph_day"] < body["high_usd_per_ph_day"]


def test_mean_hashprice_of_november_2025(run: Run) -> None:
    window = ("--mean-start", "2025-11-01", "--mean-end", "2025-12-01")
    mean = run("hashprice", "--at", "2026-01-01", *window, "--json").json()["mean"]
    assert mean["days"] == 30
    assert mean["mean_usd_per_ph_day"] == pytest.approx(39.97, rel=0.015)


@pytest.mark.parametrize(("efficiency", "worth"), [(29.5, 56.5), (13.5, 123.5), (29.2, 57.1), (12.9, 129.2)])
def test_worth_of_a_mwh_at_hashprice_40(run: Run, efficiency: float, worth: float) -> None:
    body = run("value", "--hashprice", "40", "--machine", str(efficiency), "--json").json()
    assert body["break_evens"][-1]["power_usd_per_mwh"] == pytest.approx(worth, abs=0.06)


@pytest.mark.parametrize(("power", "days"), [(40, 184), (58, 295), (73, 596), (87.8, None)])
def test_payback_of_a_19_j_per_th_machine_at_4_usd(run: Run, power: float, days: float | None) -> None:
    words = ("--hashprice", "40", "--machine", "19", "--machine-price", "4", "--power-price", str(power))
    row = run("value", *words, "--json").json()["break_evens"][-1]
    assert row["machine_usd_per_mw"] == pytest.approx(210_500, abs=50)
    assert row["payback_days"] == (None if days is None else pytest.approx(days, abs=0.6))
    assert ("never" in row["payback_note"]) == (days is None)


def test_contracts_per_mwh(run: Run) -> None:
    body = run("value", "--contracts", "--json").json()
    rows = {(row["provider"], row["customer"]): row for row in body["contracts"]}
    iren = rows["IREN", "Microsoft"]
    assert iren["kind"] == "gpu_cloud"
    assert iren["gross_usd_per_mwh"] == pytest.approx(1107, abs=0.5)
    assert iren["after_equipment_usd_per_mwh"] == pytest.approx(445, abs=0.5)
    hut = next(row for (provider, _), row in rows.items() if provider == "Hut 8")
    assert hut["gross_usd_per_mwh"] == pytest.approx(217.4, abs=0.05)
    assert hut["noi_usd_per_mwh"] == pytest.approx(211.5, abs=0.05)
    tera = [row for (provider, _), row in rows.items() if provider == "TeraWulf"]
    assert any(row["gross_usd_per_mwh"] == pytest.approx(211.2, abs=0.05) for row in body["contracts"])
    assert any(
        row["noi_usd_per_mwh"] == pytest.approx(179.8, abs=0.05)
        for row in body["contracts"]
        if row["noi_usd_per_mwh"]
    )
    assert tera
    core = [row["gross_usd_per_mwh"] for row in body["contracts"] if row["provider"] == "Core Scientific"]
    assert pytest.approx(165.5, abs=0.05) in core


@pytest.mark.parametrize(("efficiency", "capex"), [(15, 9.7), (19, 11.3), (25, 12.7), (29.5, 13.3)])
def test_build_cost_at_which_ai_equals_mining(run: Run, efficiency: float, capex: float) -> None:
    words = ("--hashprice", "40", "--power-price", "45", "--machine", str(efficiency), "--contracts")
    rows = run("value", *words, "--json").json()["contracts"]
    hut = next(row for row in rows if row["provider"] == "Hut 8")
    # The published figures have one decimal; 19 J/TH gives 11.248.
    assert hut["equal_to_mining_capex_usd_m_per_mw"] == pytest.approx(capex, abs=0.06)
