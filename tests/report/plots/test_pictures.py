"""What holds of every picture: valid, full, sourced, and the same each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from xml.parsers import expat

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from wattshift.app.plotting import difficulty_picture, hashprice_picture, hashrate_picture
from wattshift.app.scoring import score
from wattshift.app.snapshot import Archive
from wattshift.app.stressplots import pools_picture, ribbons_picture
from wattshift.report.plots.difficulty import draw_difficulty
from wattshift.report.plots.hashprice import draw_hashprice
from wattshift.report.plots.hashrate import draw_hashrate
from wattshift.report.plots.pools import draw_pools
from wattshift.report.plots.ribbons import draw_ribbons
from wattshift.report.plots.score import draw_score
from wattshift.report.plots.style import PictureForm, render
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 28, 12, tzinfo=UTC)
NAMES = ("hashrate", "hashrate log", "difficulty", "hashprice", "ribbons", "pools", "score")
Draw = Callable[[Figure], None]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Draw]:
    archive = Archive(BundledStore())
    long_ago = datetime(2020, 2, 1, tzinfo=UTC)
    return {
        "hashrate": partial(draw_hashrate, hashrate_picture(archive, at=AT)),
        "hashrate log": partial(
            draw_hashrate, hashrate_picture(archive, at=AT, start_at=long_ago, is_log=True)
        ),
        "difficulty": partial(draw_difficulty, difficulty_picture(archive, at=AT)),
        "hashprice": partial(draw_hashprice, hashprice_picture(archive, at=AT)),
        "ribbons": partial(draw_ribbons, ribbons_picture(archive, at=AT)),
        "pools": partial(draw_pools, pools_picture(archive, at=AT)),
        "score": partial(draw_score, score(archive, at=AT, periods=3, depths=(36, 1200), draws=100)),
    }


def elements(svg: bytes) -> Counter[str]:
    """How often each element occurs; raises if the text is no XML."""
    found: Counter[str] = Counter()
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: found.update([name])
    parser.Parse(svg, True)
    return found


def texts(draw: Draw) -> str:
    figure = Figure(figsize=(12, 6.75))
    draw(figure)
    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_full_svg_and_reproducible(drawn: dict[str, Draw], name: str) -> None:
    content = render(drawn[name], PictureForm.SVG, title=name)
    assert content == render(drawn[name], PictureForm.SVG, title=name)
    found = elements(content)
    assert found["svg"] == 1
    assert found["path"] > 40
    assert found["use"] > 200


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_png_with_ink_on_it(drawn: dict[str, Draw], name: str) -> None:
    content = render(drawn[name], PictureForm.PNG, title=name)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(content) > 60_000


@pytest.mark.parametrize("name", NAMES)
def test_its_foot_names_the_instant_and_the_sources(drawn: dict[str, Draw], name: str) -> None:
    told = " ".join(texts(drawn[name]).split())
    assert "As of 28 Jan 2026, 12:00 UTC." in told
    assert "Block times and pools: sorukumar/bitcoin-mining-pools@" in told.replace("- ", "-")
    assert "(BSD-2-Clause)" in told


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hashrate", ("Bitcoin's hashrate: ", "largest fall: ", "change detected", "\N{MINUS SIGN}3.3")),
        ("hashrate log", ("halving, 11 May 2020", "halving, 20 Apr 2024", "EH/s, logarithmic")),
        ("difficulty", ("Next difficulty adjustment: ", "this period, 463", "next", "retarget at 935,424")),
        ("hashprice", ("Hashprice: ", "USD/PH/day", "cut off: carried intervals reach", "change within")),
        ("ribbons", ("Hash ribbons signalled capitulation on ", "30 days", "60 days", "200 days", "Puell")),
        (
            "pools",
            ("Foundry USA finds ", "AntPool", "Herfindahl-Hirschman index", "pools hold more than half"),
        ),
        ("score", ("3 complete periods", "RMSE", "CRPS", "coverage", "aim: 93 to 97 %")),
    ],
)
def test_it_tells_its_story(drawn: dict[str, Draw], name: str, words: tuple[str, ...]) -> None:
    told = texts(drawn[name])
    for word in words:
        assert word in told


def test_a_locked_in_adjustment_is_called_so() -> None:
    archive = Archive(BundledStore())
    blocks = archive.blocks.whole
    at = datetime.fromtimestamp(int(blocks.running_max_s[blocks.index(469 * 2016 - 1)]), UTC)
    assert "(locked in)" in texts(partial(draw_difficulty, difficulty_picture(archive, at=at)))


@pytest.mark.parametrize("into_period", [0, 1])
def test_a_period_that_has_only_begun_can_be_drawn(into_period: int) -> None:
    archive = Archive(BundledStore())
    blocks = archive.blocks.whole
    at = datetime.fromtimestamp(int(blocks.running_max_s[blocks.index(468 * 2016 + into_period)]), UTC)
    draw = partial(draw_difficulty, difficulty_picture(archive, at=at))
    assert elements(render(draw, PictureForm.SVG, title="begun"))["svg"] == 1
