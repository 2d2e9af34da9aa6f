"""Tables of blocks into the store: held against the chain, and what they say of bodies kept as claims."""

from __future__ import annotations

import polars as pl

from wattshift.app.importing.audit import Audit, RowFault, audit
from wattshift.app.importing.reference import known_blocks
from wattshift.app.importing.taken import Taken
from wattshift.app.importing.target import Target
from wattshift.chain.rules import MEDIAN_TIME_BLOCKS
from wattshift.report.documents.keeping import FaultFound, TableCount
from wattshift.sources.files.filetable import LINE
from wattshift.tables import TABLES

__all__ = ["take_blocks"]

_TABLE = "block_facts"
_CLAIMS = ("fee_sat", "subsidy_sat", "pool")
_MAX_FAULTS_OF_A_KIND = 10
_MAX_GAPS = 3


def take_blocks(rows: pl.DataFrame, target: Target, source: str) -> Taken:
    """Judge the rows, and keep what the sound ones say of fees, subsidy and pool.

    Args:
        rows: a table of blocks by height, with a row or more.
        target: where they go, and the chain that judges them.
        source: who says so.
    """
    first, last = rows["height"][0], rows["height"][-1]
    known = known_blocks(target.chain, max(0, first - MEDIAN_TIME_BLOCKS + 1), last)
    judged = audit(rows, known, target.chain.network)
    claims = _claims(judged.sound, source)
    receipt = target.append(_TABLE, claims)
    return Taken(
        count=TableCount(
            table=_TABLE,
            new=receipt.new,
            same=receipt.same,
            conflicting=receipt.conflicting,
            refused=judged.refused,
        ),
        first=str(first),
        last=str(last),
        faults=_first_of_each_kind(judged.faults),
        n_faults=judged.faults.height,
        notes=_notes(judged, claims),
    )


def _claims(sound: pl.DataFrame, source: str) -> pl.DataFrame:
    """Rows of `block_facts`: what is said of a block that has a name."""
    says = pl.any_horizontal(pl.col(column).is_not_null() for column in _CLAIMS)
    return (
        sound.filter(says & pl.col("block_hash").is_not_null())
        .with_columns(
            pl.from_epoch("time_s", time_unit="s").dt.date().alias("date"), pl.lit(source).alias("source")
        )
        .select(list(TABLES[_TABLE].schema))
    )


def _first_of_each_kind(faults: pl.DataFrame) -> tuple[FaultFound, ...]:
    """Some of each kind, the gravest kind first."""
    order = pl.Enum([fault.name for fault in RowFault])
    chosen = faults.group_by("fault", maintain_order=True).head(_MAX_FAULTS_OF_A_KIND)
    return tuple(
        FaultFound(
            place=f"line {row[LINE]}",
            height=row["height"],
            block_hash=row["block_hash"],
            problem=f"{row['column']}: {RowFault[row['fault']].value}",
            found=row["found"],
            expected=row["expected"],
        )
        for row in chosen.sort(pl.col("fault").cast(order), maintain_order=True).to_dicts()
    )


def _notes(judged: Audit, claims: pl.DataFrame) -> tuple[str, ...]:
    notes = [
        f"{count:,} rows in all: {RowFault[name].value}"
        for name, count in judged.faults["fault"].value_counts(sort=True).rows()
        if count > _MAX_FAULTS_OF_A_KIND
    ]
    if judged.gaps:
        shown = ", ".join(f"{low:,} to {high:,}" for low, high in judged.gaps[:_MAX_GAPS])
        more = f" and {len(judged.gaps) - _MAX_GAPS:,} more" if len(judged.gaps) > _MAX_GAPS else ""
        notes.append(f"the file has no heights {shown}{more}")
    unkept = judged.sound.height - claims.height
    if unkept:
        notes.append(
            f"{unkept:,} rows agree with the chain, and there is nothing to keep of them: they say nothing of"
            " fees, subsidy or pool, or the hash of their block is not known"
        )
    return tuple(notes)
