"""Names of places in the arrays of the loops."""

from __future__ import annotations

__all__ = [
    "ALL_CONVERTED",
    "ALL_HASHING",
    "ALL_IDLE",
    "ALL_INSTALLED",
    "ALL_INSTALLED_POWER",
    "ALL_POWER",
    "ALL_UNDER_WATER",
    "BUILT",
    "CAPACITY",
    "CHAIN_NUMBERS",
    "CLOCK_NUMBERS",
    "COLUMNS",
    "COMMITTED",
    "CONVERTED",
    "DUE",
    "HASHING",
    "INCOME",
    "INSTALLED",
    "INSTALLED_POWER",
    "MARGINS",
    "NEW",
    "NEW_BIN",
    "NEW_EFFICIENCY",
    "NEW_UPPER",
    "POWER",
    "ROWS",
    "SCRAPPED",
    "SITES",
    "SUMS",
    "TOTALS",
    "UNDER_WATER",
    "VISITS_DAYS",
]

VISITS_DAYS = 4
"""How often a class is visited [days]: what goes under water is noted at its next visit."""

SUMS, UNDER_WATER = 3, 2
"""Of the classes of one visit: HASHING, POWER, and what hashes under water [EH/s]."""

(
    HASHING,
    POWER,
    INSTALLED,
    INSTALLED_POWER,
    COMMITTED,
    CONVERTED,
    SITES,
    DUE,
    COLUMNS,
) = range(9)
"""Of a power price: what hashes [EH/s], its power [MW], what is installed [EH/s, MW], power promised and gone
to AI, that of all mining sites, with machines or without, and what is due to AI and still mines [MW];
and how many columns may have machines, for beyond are none."""

ROWS = 9

(
    SCRAPPED,
    NEW,
    ALL_HASHING,
    ALL_POWER,
    ALL_UNDER_WATER,
    ALL_INSTALLED,
    ALL_INSTALLED_POWER,
    ALL_CONVERTED,
    ALL_IDLE,
    BUILT,
    MARGINS,
) = range(11)
"""Totals: power scrapped and new since the start [MW]; the same sums as of a power price, over all of them;
idle machines [EH/s]; site power built since the start [MW]; and the sum of each week's margin [USD/MWh]."""

TOTALS = 11

NEW_EFFICIENCY, NEW_BIN, NEW_UPPER, INCOME, CAPACITY = range(5)
"""Of a week."""

CHAIN_NUMBERS, CLOCK_NUMBERS = 6, 5
"""How many numbers `kernel.blocks` keeps."""
