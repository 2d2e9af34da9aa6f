from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wattshift.report.terminal.braille import braille_rows


def test_a_rising_line() -> None:
    assert braille_rows([0, 1 / 3, 2 / 3, 1], columns=2, rows=1) == ("\u2860\u280a",)


def test_figures_beyond_the_scale_stay_at_its_ends() -> None:
    assert braille_rows([9.0, 9.0], columns=1, rows=2) == ("\u2809", "\u2800")
    assert braille_rows([-9.0, -9.0], columns=1, rows=2) == ("\u2800", "\u28c0")


@given(st.lists(st.floats(-5, 5), max_size=400), st.integers(1, 30), st.integers(1, 6))
def test_every_column_is_drawn_and_nothing_else(values: list[float], columns: int, rows: int) -> None:
    drawn = braille_rows(values, columns=columns, rows=rows)
    assert len(drawn) == rows
    assert all(len(line) == columns for line in drawn)
    assert all(0x2800 <= ord(character) <= 0x28FF for line in drawn for character in line)
    for column in zip(*drawn, strict=True):
        assert any(character != "\u2800" for character in column) == bool(values)
