from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from wattshift.errors import InputError
from wattshift.provenance import Freshness, Origin
from wattshift.report.plots import style
from wattshift.report.plots.style import PictureForm, picture_form, render, spread_px

ORIGIN = Origin(
    name="Blocks",
    source="someone/something@abc",
    licence="MIT",
    sha256="00",
    newest_at=None,
    age_s=None,
    freshness=Freshness.FRESH,
)


@pytest.mark.parametrize(
    ("name", "form"), [("a.svg", PictureForm.SVG), ("A.PNG", PictureForm.PNG), ("b.c.svg", PictureForm.SVG)]
)
def test_forms_are_read_from_the_suffix(name: str, form: PictureForm) -> None:
    assert picture_form(Path(name)) is form


@pytest.mark.parametrize("name", ["a.pdf", "svg", "a", "a.svg.gz", ".svg"])
def test_other_suffixes_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"\.svg .* or \.png"):
        picture_form(Path(name))


def test_without_matplotlib_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"pip install 'wattshift\[plot\]'"):
        picture_form(Path("a.svg"))


def test_a_wrong_suffix_is_told_before_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match="name of a picture"):
        picture_form(Path("a.txt"))


@given(st.lists(st.floats(-1e4, 1e4), max_size=12), st.floats(1, 50))
def test_labels_never_collide_and_keep_their_order(wanted: list[float], gap: float) -> None:
    placed = spread_px(wanted, gap_px=gap)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    assert all(placed[after] - placed[before] >= gap - 1e-6 for before, after in pairwise(order))
    assert sum(placed) == pytest.approx(sum(wanted), abs=1e-6)


@given(st.lists(st.integers(-50, 50), unique=True, max_size=10))
def test_labels_that_fit_stay_where_they_are(places: list[int]) -> None:
    wanted = [20.0 * place for place in places]
    assert spread_px(wanted, gap_px=20) == pytest.approx(wanted)


def draw(figure: Figure) -> None:
    axes = figure.subplots()
    lines = [axes.plot([0, 1], [0, end], label=f"line {end}")[0] for end in (1, 1.001, 1.002)]
    style.calm(axes, "$unit$")
    style.caption(axes, "panel")
    style.as_percent(axes.yaxis, signed=True)
    style.direct_labels(axes, lines, bold=lines[0])
    style.dot_on(axes, lines[0])
    style.key_row(figure, [("one", style.BLUE), ("two", style.INK)])
    style.heading(figure, "Title $1 to $2", "subtitle")
    style.foot(figure, datetime(2026, 1, 19, 12, tzinfo=UTC), (ORIGIN,), note="A note.")


@pytest.mark.parametrize("form", list(PictureForm))
def test_the_same_picture_has_the_same_bytes(form: PictureForm) -> None:
    assert render(draw, form, title="t") == render(draw, form, title="t")


def test_the_users_own_settings_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = render(draw, PictureForm.SVG, title="t")
    monkeypatch.setitem(mpl.rcParams, "lines.linewidth", 9.0)
    assert render(draw, PictureForm.SVG, title="t") == expected
    assert mpl.rcParams["lines.linewidth"] == 9.0, "and drawing changes none of them"


def test_an_svg_holds_no_date_and_no_version_of_the_library() -> None:
    text = render(draw, PictureForm.SVG, title="of this").decode("utf-8")
    assert "<dc:date>" not in text
    assert mpl.__version__ not in text
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", text)
    assert "<title>of this</title>" in text


def test_a_png_is_large_enough_to_print() -> None:
    content = render(draw, PictureForm.PNG, title="t")
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1920, 1080)


def test_labels_of_lines_that_end_together_stand_apart() -> None:
    figure = Figure()
    draw(figure)
    axes = figure.axes[0]
    labels = [text for text in axes.texts if text.get_text().startswith("line ")]
    heights = sorted(axes.transData.transform(text.xy)[1] for text in labels)  # type: ignore[attr-defined]
    assert len(heights) == 3
    assert all(after - before >= style.LINE_END_PX - 1e-6 for before, after in pairwise(heights))


def test_the_foot_names_instant_sources_and_licences() -> None:
    figure = Figure()
    style.foot(figure, datetime(2026, 1, 19, 12, tzinfo=UTC), (ORIGIN, ORIGIN), note="A note.")
    (text,) = (each.get_text() for each in figure.texts)
    assert text.startswith("As of 19 Jan 2026, 12:00 UTC. A note. Sources: ")
    assert text.count("Blocks: someone/something@abc (MIT)") == 1
