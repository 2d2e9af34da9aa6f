from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.errors import CheckFailed
from wattshift.report.page.scales import LinearScale
from wattshift.report.page.svg import Panel, drawing, tag

PANEL = Panel(top_px=10, height_px=100)
MOVE = re.compile(r"([Mlhvz])(-?\d+)?(?: (-?\d+))?")


def corners(path: str) -> list[tuple[int, int]]:
    """The points of a path of relative moves."""
    d = ET.fromstring(path).attrib["d"]  # noqa: S314  # made by this project
    assert MOVE.sub("", d) == ""
    x, y, found = 0, 0, []
    for command, first, second in MOVE.findall(d):
        if command == "z":
            continue
        if command == "M":
            x, y = int(first), int(second)
        elif command == "h":
            x += int(first)
        elif command == "v":
            y += int(first)
        else:
            x, y = x + int(first), y + int(second)
        found.append((x, y))
    return found


def test_everything_is_escaped() -> None:
    made = tag("text", class_='"><script>', data_x="a&b")
    assert made == '<text class="&quot;&gt;&lt;script&gt;" data-x="a&amp;b"/>'
    label = PANEL.label(0, 0, "<b>\x1b\u202e</b>", style="start")
    assert "<b>" not in label
    assert not {"\x1b", "\u202e"} & set(label)


def test_a_drawing_names_and_describes_itself() -> None:
    made = drawing(PANEL.dot(0.5, 0.5, style="c1"), key="k", height_px=120, title="<T>", summary="S & s")
    root = ET.fromstring(made)  # noqa: S314  # made by this project
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "k-title k-desc"
    assert [child.text for child in root[:2]] == ["<T>", "S & s"]


def test_positions() -> None:
    assert 'cx="25%"' in PANEL.dot(0.25, 1, style="c1")
    assert 'cy="10.0"' in PANEL.dot(0.25, 1, style="c1")
    assert PANEL.y_px(0) == PANEL.bottom_px == 110
    box = PANEL.box((0.5, 0.25), (0.75, 0.25), style="bar")
    assert 'x="25%" width="25%" y="35.0" height="50.0"' in box


@pytest.mark.parametrize("position", [float("nan"), float("inf")])
def test_positions_that_are_none_are_refused(position: float) -> None:
    with pytest.raises(CheckFailed):
        PANEL.line([0, 1], [0, position], style="c1")
    with pytest.raises(CheckFailed):
        PANEL.dot(position, 0, style="c1")


def test_equal_neighbours_are_merged() -> None:
    edges = [index / 1000 for index in range(1001)]
    flat = PANEL.steps(edges, [0.5] * 1000, style="c1")
    assert corners(flat) == [(0, 200), (4000, 200)]
    step = PANEL.steps(edges, [0.0] * 500 + [1.0] * 500, style="c1")
    assert corners(step) == [(0, 400), (2000, 400), (2000, 0), (4000, 0)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_steps_pass_through_every_value(ys: list[float]) -> None:
    edges = [index / len(ys) for index in range(len(ys) + 1)]
    walked = corners(PANEL.steps(edges, ys, style="c1"))
    assert walked[0] == (0, round((1 - ys[0]) * 400))
    assert walked[-1] == (4000, round((1 - ys[-1]) * 400))
    assert {y for _, y in walked} == {round((1 - y) * 400) for y in ys}
    assert [x for x, _ in walked] == sorted(x for x, _ in walked)


def test_an_area_stands_on_the_floor() -> None:
    walked = corners(PANEL.step_area([0, 0.5, 1], [0.25, 0.75], style="c1"))
    assert walked == [(0, 400), (0, 300), (2000, 300), (2000, 100), (4000, 100), (4000, 400)]


def test_a_band_goes_there_and_back() -> None:
    walked = corners(PANEL.band([0, 1], [0.25, 0.5], [0.75, 1.0], style="c1"))
    assert walked == [(0, 100), (4000, 0), (4000, 200), (0, 300)]


def test_axes_carry_every_tick() -> None:
    ticks = LinearScale((0, 100)).ticks()
    for axis in (PANEL.level_axis(ticks), PANEL.foot_axis(ticks), PANEL.foot_axis(ticks, rules=True)):
        for tick in ticks:
            assert f">{tick.label}</text>" in axis
    assert PANEL.foot_axis(ticks).count("extra") == 3
    assert "extra" not in PANEL.foot_axis(ticks[:5])
