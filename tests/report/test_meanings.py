from __future__ import annotations

from wattshift.report.documents.site import ContractRow
from wattshift.report.meanings import meanings_of, summary_of, unit_of


class Bare:
    pass


def test_each_field_has_the_meaning_that_its_docstring_gives() -> None:
    meanings = meanings_of(ContractRow)
    assert list(meanings) == list(ContractRow.__dataclass_fields__)
    assert meanings["url"] == "where it was read."
    long = meanings["equal_to_mining_capex_usd_m_per_mw"]
    assert long.startswith("build cost per MW at which its net operating income, net of capital at 10 %")
    assert long.endswith("[million USD/MW].")
    assert summary_of(ContractRow) == "One public AI contract per MWh."


def test_what_says_nothing_means_nothing() -> None:
    assert dict(meanings_of(Bare)) == {}
    assert summary_of(Bare) == ""


def test_the_longest_ending_is_the_unit() -> None:
    assert unit_of("worth_usd_per_mwh") == "US dollar per megawatt-hour"
    assert unit_of("usd_per_ph_day") == "US dollar per petahash per second for a day"
    assert (unit_of("z"), unit_of("name")) == ("1", "")
