from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from jsonschema import Draft202012Validator

from wattshift.app.scoring import COVER_FRAC, OURS, SEED, fits_by_period, score, verdict_at
from wattshift.app.snapshot import Archive
from wattshift.clock import from_unix
from wattshift.errors import InputError, OutOfSpan
from wattshift.measures.blocks import KnownBlocks
from wattshift.measures.level.arrivals import arrivals_of
from wattshift.measures.level.noise import FITTED
from wattshift.measures.level.scoring import baseline_rules, replay, score_table, statespace_rule
from wattshift.measures.level.statespace import filter_level
from wattshift.report.documents.score import DepthVerdict, ScoreDocument, ScoreRow, Standing
from wattshift.report.jsontext import json_schema, plain, to_json
from wattshift.report.terminal.layout import console
from wattshift.report.terminal.score import fits_in_words, score_in_words, score_view
from wattshift.store.bundled import BundledStore

AT = datetime(2026, 1, 19, 12, tzinfo=UTC)
"""In period 462: the last complete one is 461, which began in 2025 and ended in 2026."""
DEPTHS = (36, 1200, 1900)
DRAWS = 300


@pytest.fixture(scope="module")
def archive() -> Archive:
    return Archive(BundledStore())


@pytest.fixture(scope="module")
def document(archive: Archive) -> ScoreDocument:
    return score(archive, at=AT, periods=6, depths=DEPTHS, draws=DRAWS)


def test_its_figures_are_those_of_a_replay_over_the_whole_chain(
    document: ScoreDocument, newest: KnownBlocks
) -> None:
    """So nothing that came after its instant entered."""
    arrivals = arrivals_of(newest.header_time_s, newest.work_hashes, newest.first_height)
    ours = statespace_rule(filter_level(arrivals, fits_by_period(newest)), seed=SEED, draws=DRAWS)
    rules = {OURS: ours, **baseline_rules()}
    scored = replay(newest, rules, first_period=456, last_period=461, depths=DEPTHS)
    table = score_table(scored, against=OURS, rng=np.random.default_rng(SEED))
    assert [plain(row) for row in document.rows] == table.drop("periods").to_dicts()


def test_it_names_its_periods(document: ScoreDocument, newest: KnownBlocks) -> None:
    assert (document.first_period, document.last_period, document.periods) == (456, 461, 6)
    assert document.start_at == from_unix(newest.time_s(456 * 2016))
    assert document.end_at == from_unix(newest.time_s(462 * 2016))


def test_it_is_reproducible_and_its_seed_matters(archive: Archive, document: ScoreDocument) -> None:
    again = score(archive, at=AT, periods=6, depths=DEPTHS, draws=DRAWS)
    assert again == document
    other = score(archive, at=AT, periods=6, depths=DEPTHS, draws=DRAWS, seed=1)
    assert other.seed == 1
    assert other.rows != document.rows
    baselines = [
        [(row.rmse_frac, row.crps_frac) for row in each.rows if row.rule != OURS]
        for each in (document, other)
    ]
    assert baselines[0] == baselines[1]


def test_by_default_every_period_after_the_first_fit(archive: Archive) -> None:
    document = score(archive, depths=(1000,), draws=20)
    assert (document.first_period, document.last_period) == (330, 468)
    assert document.start_at >= from_unix(FITTED[1][0])
    assert None not in {fit.fitted_before_at for fit in document.fits}
    assert "prior" not in document.fits_in_words


def test_every_fit_knew_only_blocks_before_the_periods_it_scored(archive: Archive) -> None:
    document = score(archive, periods=165, depths=(1000,), draws=20)
    assert [fit.fitted_before_at for fit in document.fits] == [
        None,
        *(from_unix(since_s) for since_s, _ in FITTED[1:]),
    ]
    blocks = archive.blocks.whole
    for fit in document.fits[1:]:
        assert fit.fitted_before_at is not None
        assert from_unix(blocks.time_s(fit.first_period * 2016)) >= fit.fitted_before_at
    spans = [(fit.first_period, fit.last_period) for fit in document.fits]
    assert [first for first, _ in spans[1:]] == [last + 1 for _, last in spans[:-1]]
    assert "Periods 304 to 329 were scored with the prior" in document.fits_in_words


def test_the_models_are_those_fitted_and_put_off_to_a_period(newest: KnownBlocks) -> None:
    models = fits_by_period(newest)
    assert [model for _, model in models] == [model for _, model in FITTED]
    starts_s = {int(newest.running_max_s[newest.index(k * 2016)]) for k in range(303, 470)}
    for (since_s, _), (fitted_s, _) in zip(models[1:], FITTED[1:], strict=True):
        assert since_s in starts_s
        assert 0 <= since_s - fitted_s < 16 * 86_400


def test_progress_is_told_after_every_projection(archive: Archive) -> None:
    told: list[tuple[int, int]] = []
    score(
        archive, periods=2, depths=(5, 9), draws=20, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("depths", [(), (-1,), (2015,), (5, 3000)])
def test_depths_outside_a_period_are_refused(archive: Archive, depths: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="depths lie between 0 and 2014"):
        score(archive, depths=depths)


@pytest.mark.parametrize("periods", [0, -3, 166])
def test_periods_that_are_not_known_are_refused(archive: Archive, periods: int) -> None:
    with pytest.raises(OutOfSpan, match="complete periods"):
        score(archive, periods=periods)


def test_before_the_first_fit_there_is_no_default(archive: Archive) -> None:
    with pytest.raises(OutOfSpan, match="complete periods"):
        score(archive, at=datetime(2020, 12, 1, tzinfo=UTC))


def test_the_shallowest_and_the_deepest_depth(archive: Archive) -> None:
    document = score(archive, periods=2, depths=(2014, 0, 0), draws=50)
    assert [verdict.depth for verdict in document.verdicts] == [0, 2014]


def test_its_json_keeps_its_schema(document: ScoreDocument) -> None:
    import json

    schema = json_schema(ScoreDocument, name="score")
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(to_json(document, name="score")))


def test_the_terminal_shows_every_rule_and_depth(document: ScoreDocument) -> None:
    page = console(width=140)
    with page.capture() as capture:
        page.print(score_view(document))
    text = capture.get()
    for word in ("state space", "mempool", "pooled 1008", "pooled 2016", "no change", "periods 456 to 461"):
        assert word in text
    for row in document.rows:
        assert f"{100 * row.rmse_frac:.3f}" in text
        assert f"{100 * row.crps_frac:.3f}" in text
    assert "seed 20260119" in text
    assert "only to blocks before the periods" in " ".join(text.split())


def row(rule: str, rmse: float, crps: float, prob: float | None = None, cover: float = 0.95) -> ScoreRow:
    return ScoreRow(
        rule=rule,
        depth=7,
        rmse_frac=rmse,
        crps_frac=crps,
        cover_50_frac=0.5,
        cover_80_frac=0.8,
        cover_95_frac=cover,
        adaptive_95_frac=cover,
        rmse_beaten_prob=prob,
        crps_beaten_prob=prob,
    )


@pytest.mark.parametrize(
    ("rmse", "crps", "prob", "expected"),
    [
        (0.02, 0.01, 0.99, Standing.SURELY_BETTER),
        (0.02, 0.01, 0.60, Standing.PROBABLY_BETTER),
        (0.05, 0.01, 0.40, Standing.TIED),
        (0.02, 0.03, 0.40, Standing.TIED),
        (0.05, 0.03, 0.01, Standing.WORSE),
    ],
)
def test_verdicts(rmse: float, crps: float, prob: float, expected: Standing) -> None:
    verdict = verdict_at(
        (row(OURS, rmse, crps), row("a", 0.04, 0.025, prob), row("b", 0.03, 0.028, 0.999)), 7
    )
    assert verdict.standing is expected
    assert (verdict.rmse_rival, verdict.crps_rival) == ("b", "a")
    assert verdict.rmse_gain_frac == pytest.approx(1 - rmse / 0.03)
    assert verdict.crps_gain_frac == pytest.approx(1 - crps / 0.025)
    assert verdict.rmse_better_prob == prob


def test_a_verdict_needs_a_rival() -> None:
    with pytest.raises(InputError, match="baseline"):
        verdict_at((row(OURS, 0.1, 0.1),), 7)


def verdict(depth: int, standing: Standing, cover: float = 0.95) -> DepthVerdict:
    return DepthVerdict(
        depth=depth,
        standing=standing,
        rmse_rival="a",
        rmse_gain_frac=0.1,
        rmse_better_prob=0.9,
        crps_rival="a",
        crps_gain_frac=0.1,
        crps_better_prob=0.9,
        cover_95_frac=0.9,
        adaptive_95_frac=cover,
        is_covered=COVER_FRAC[0] <= cover <= COVER_FRAC[1],
    )


def test_words_name_the_depths_where_it_is_not_better() -> None:
    told = score_in_words(
        (
            verdict(1, Standing.SURELY_BETTER),
            verdict(5, Standing.PROBABLY_BETTER),
            verdict(1900, Standing.TIED, cover=0.92),
            verdict(2000, Standing.WORSE),
        ),
        COVER_FRAC,
    )
    assert "at 2 of 4 depths, at 1 of them" in told
    assert "not surely at 5" in told
    assert "tied with the best baseline at 1900" in told
    assert "worse than a baseline at 2000" in told
    assert "except at 1900" in told


def test_words_of_a_clean_sweep() -> None:
    told = score_in_words(
        (verdict(1, Standing.SURELY_BETTER), verdict(5, Standing.SURELY_BETTER)), COVER_FRAC
    )
    assert "tied" not in told
    assert "worse" not in told
    assert "at every depth" in told
    assert "prior" not in fits_in_words(())


def test_origins_are_those_of_the_chain(document: ScoreDocument) -> None:
    assert [origin.name for origin in document.origins] == [
        "Block times and pools",
        "Difficulty of every period",
    ]
    assert pl.DataFrame([plain(each) for each in document.rows]).height == 5 * len(DEPTHS)
