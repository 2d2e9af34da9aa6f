"""The grammar: one entry for each way to make a claim, tried from the top.

To teach the checker a new phrase, add one `Entry` here and one line to the table of `tests/claims`:

    Entry(Kind.BLOCK_INTERVAL, units={Unit.TIME}, subjects={Subject.BLOCK_TIME}, clause=r"average|mean")

An entry with `units` is tried on every quantity of a sentence. It takes the quantity if its unit and the
subject that governs it fit, `clause` occurs in its clause, `near` in the words next to it, `sentence` in its
sentence, and `never` not in its clause. An entry without units is tried once on each sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from wattshift.claims.claim import Kind, Subject
from wattshift.claims.subjects import COMPANY
from wattshift.claims.unit import Unit

__all__ = ["CONTEXT", "NUMBERS", "STATEMENTS", "Entry"]

_FUTURE = (
    r"expect|project|forecast|estimat|\bwill\b|\bwould\b|set to|\bdue\b|upcoming|\bnext\b|on track|likely"
    r"|\bcould\b|poised|anticipat|predict"
    r"|scheduled"
)
_DOUBLE_SPEND = r"double[\s-]spen|revers"
_RECORD = r"peak|all-time high|\bATH\b|record"
_NO_RECORD = r"(?!\b(?:to|from|below|off|under|than|since|before|after|near|close)\b)"
_AT_RECORD = rf"(?:{_RECORD})(?:{_NO_RECORD}[^\d])*[$~]?\d|\d(?:{_NO_RECORD}[^\d])*(?:{_RECORD})"
_TRILLIONS = r"\d(?:\s?[TB]\b|[\s-]?(?:tr|b)illion)|(?:\d{1,3},){4}"
_EXTREME = r"lowest|highest|weakest|smallest|first time|(?:year|month|week|day) (?:low|high)\b"
_SINCE = r"since|\bin\b (?:\w+ ){0,4}(?:years?|months?|weeks?)|-(?:year|month|week|day)[\s-](?:low|high)"
_CAUSE = (
    r"because|due to|owing to|driven by|caused by|thanks to|as a result of|attribut\w+ to|blam\w+"
    r"|on the back of|in response to|(?:triggered|prompted|spurred|sparked|fuell?ed) by"
    r"|as (?:\w+ ){0,4}(?:miners|AI|HPC)\b"
)
_MINERS_LEAVE = (
    r"\b(?:miners|rigs|machines|ASICs)\b(?: [\w-]+){0,3}? (?:switch\w*|turn\w*|shut\w*|power\w*|unplug\w*"
    r"|leav\w+|left|exit\w*|quit\w*|abandon\w*|capitulat\w+|curtail\w*|idl\w+|mov\w+|pivot\w*|migrat\w+)\b"
    rf"(?:,? [\w'-]+){{0,6}}?,? (?:{_CAUSE}|since AI)\b"
)
_NEEDED = r"break[\s-]?even|shut[\s-]?(?:down|off)|all-in|\bcosts?\b|threshold|required|\bneeds?\b"
"""Words that make a hashprice one that miners need, not one that they get."""

_IN_COINS = r"\bsats?\b|satoshi|\bBTC\b|\u00a2|\bcents?\b"

_BACKED = r"\bbackstop\w*|\bguarant\w+|\bcredit (?:support|enhancement)"
_CONTRACT = r"contract|deal|lease|agreement|hosting|signed|colocation|backstop|tenant"
_MODEL = (
    r"(?:Antminer|Whatsminer|Avalon|SealMiner)\b|\b(?:S9|S17|S19|S21|S23|T17|T19|T21|M3\d|M5\d|M6\d|M7\d)\w*"
)

_ASIC = (
    r"(?:ASICs?|(?:ant|what)sminers?|mining (?:machines?|rigs?|hardware|chips?|computers?|equipment)"
    r"|(?:bitcoin|BTC) (?:machines?|rigs?|hardware|chips?)"
    r"|(?:ASIC )?rigs?|miners?' (?:machines?|rigs?|hardware|chips?|equipment))"
)
_AI_WORK = (
    r"\b(?:AI|artificial intelligence|inference|LLMs?|neural|machine[\s-]learning|language models?"
    r"|deep[\s-]learning)\b"
)
_RUNS = (
    r"(?:run|train|perform|handl|process|serv|comput|execut|host|power|support|repurpos|convert"
    r"|reprogram|redirect|re-?us|retool|retrofit|switch|adapt|us)(?:e|es|ed|ing|s|t|ting|ted)?"
)
_ASIC_AI = (
    rf"\b{_ASIC}\b(?: \w+(?:'t)?){{0,4}}? {_RUNS}\b(?: [\w-]+){{0,5}}? {_AI_WORK}"
    rf"|\b{_RUNS} (?:[\w'-]+ ){{0,4}}?{_ASIC} (?:to|for|into|toward|towards|as) (?:[\w-]+ ){{0,4}}?{_AI_WORK}"
    rf"|{_AI_WORK}(?: [\w-]+){{0,3}} (?:run|running|runs|train|trained|computed|processed|served"
    rf"|hosted) (?:on|by|with) (?:[\w'-]+ ){{0,4}}?{_ASIC}\b"
    rf"|\b{_ASIC}(?: [\w']+){{0,3}} (?:useless|unsuitable|unfit|worthless|no use) (?:for|in)"
    rf" (?:[\w-]+ ){{0,3}}?{_AI_WORK}"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to make a claim.

    Args:
        kind: the claim.
        units: the quantities that it takes; none for a statement without a number.
        subjects: what it must be about.
        clause: must occur in the clause.
        near: must occur within a few words of the quantity.
        sentence: must occur in the sentence.
        around: must occur in the sentence or the one before.
        never: must not occur in the clause.
        beside: one of these must be counted in the sentence too.
        needs_when: whether it needs a date.
    """

    kind: Kind
    units: frozenset[Unit] = frozenset()
    subjects: frozenset[Subject] = frozenset()
    clause: str = ""
    near: str = ""
    sentence: str = ""
    around: str = ""
    never: str = ""
    beside: frozenset[Unit] = frozenset()
    needs_when: bool = False

    def fits(self, *, sentence: str, around: str) -> bool:
        """Whether the words of a sentence, and of the one before, fit."""
        return _occurs(self.sentence, sentence) and _occurs(self.around, around)

    def takes(self, *, clause: str, near: str) -> bool:
        """Whether the words around one quantity fit."""
        return (
            _occurs(self.clause, clause)
            and _occurs(self.near, near)
            and not (self.never and _occurs(self.never, clause))
        )


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _occurs(pattern: str, text: str) -> bool:
    return not pattern or _compiled(pattern).search(text) is not None


def _number(
    kind: Kind,
    units: set[Unit],
    subjects: set[Subject],
    *,
    clause: str = "",
    near: str = "",
    sentence: str = "",
    never: str = "",
    beside: Unit | None = None,
) -> Entry:
    return Entry(
        kind,
        units=frozenset(units),
        subjects=frozenset(subjects),
        clause=clause,
        near=near,
        sentence=sentence,
        never=never,
        beside=frozenset({beside} if beside else ()),
    )


def _statement(
    kind: Kind,
    subjects: set[Subject],
    *,
    clause: str,
    sentence: str = "",
    around: str = "",
    never: str = "",
    needs_when: bool = False,
) -> Entry:
    return Entry(
        kind,
        subjects=frozenset(subjects),
        clause=clause,
        sentence=sentence,
        around=around,
        never=never,
        needs_when=needs_when,
    )


CONTEXT: dict[Kind, frozenset[Unit]] = {
    Kind.DOUBLE_SPEND: frozenset({Unit.CONFIRMATIONS, Unit.BLOCKS, Unit.PERCENT}),
    Kind.ATTACK_COST: frozenset({Unit.USD_PER_TH, Unit.EFFICIENCY, Unit.PERCENT, Unit.HASHRATE}),
    Kind.PAYBACK: frozenset({Unit.USD_PER_TH, Unit.EFFICIENCY, Unit.USD_PER_MWH, Unit.HASHPRICE}),
    Kind.MACHINE_PER_MW: frozenset({Unit.USD_PER_TH, Unit.EFFICIENCY}),
    Kind.MACHINE_PRICE: frozenset({Unit.EFFICIENCY}),
    Kind.MINING_PER_MWH: frozenset({Unit.EFFICIENCY, Unit.HASHPRICE}),
    Kind.NETWORK_POWER: frozenset({Unit.EFFICIENCY, Unit.HASHRATE}),
    Kind.DIFFICULTY_COUNT: frozenset({Unit.PLAIN, Unit.TIMES}),
    Kind.HASHRATE_FROM_PEAK: frozenset({Unit.HASHRATE}),
    Kind.AI_PER_MWH: frozenset({Unit.TIME, Unit.POWER}),
}
"""Quantities of the same sentence that a kind of claim uses up."""

_HR, _DIFF, _HP = {Subject.HASHRATE}, {Subject.DIFFICULTY}, {Subject.HASHPRICE}
_MINE = {Subject.MINING, Subject.MACHINE, Subject.HASHPRICE}
_ANY = {*Subject} - {Subject.OTHER_COIN, Subject.OWNED}
_PER_ENERGY = {Unit.USD_PER_MWH, Unit.USD_PER_MW}

NUMBERS: tuple[Entry, ...] = (
    # security
    _number(
        Kind.DOUBLE_SPEND,
        {Unit.PERCENT},
        _ANY,
        sentence=_DOUBLE_SPEND,
        near=r"chance|probab|risk|odds|likel|success",
    ),
    _number(Kind.DOUBLE_SPEND, {Unit.PERCENT}, _ANY, sentence=_DOUBLE_SPEND),
    _number(
        Kind.ATTACK_COST,
        {Unit.USD},
        _ANY,
        sentence=r"51\s?%|majority attack|attack (?:the|on the) (?:bitcoin )?network|match (?:the )?network",
    ),
    # machines
    _number(
        Kind.PAYBACK,
        {Unit.TIME},
        _ANY,
        clause=r"pa(?:y|ys|id|ying) (?:\w+ ){0,3}back|pa(?:y|ys|id|ying) (?:for )?(?:it|them)sel|payback"
        r"|break[\s-]?even (?:in|after|period)|\bROI\b|recoup",
    ),
    _number(Kind.MACHINE_PER_MW, {Unit.USD_PER_MW}, _ANY, beside=Unit.USD_PER_TH),
    _number(Kind.HASHPRICE_LEVEL, {Unit.USD_PER_TH}, _HP, near=r"\$0[.,]\d"),
    _number(Kind.MACHINE_PRICE, {Unit.USD_PER_TH}, _ANY - _HP),
    _number(Kind.MACHINE_SPEC, {Unit.HASHRATE, Unit.EFFICIENCY}, _ANY, clause=_MODEL, never=r"network|fleet"),
    # hashrate
    _number(Kind.OWN_HASHRATE, {Unit.HASHRATE}, {Subject.OWNED}),
    _number(
        Kind.OWN_HASHRATE,
        {Unit.HASHRATE, Unit.PERCENT},
        _HR,
        clause=COMPANY,
        never=r"network|global|total|bitcoin'?s? hash",
    ),
    _number(Kind.HASHRATE_EXTREME, {Unit.HASHRATE}, _HR, near=r"first time"),
    _number(Kind.HASHRATE_RECORD, {Unit.HASHRATE}, _HR, near=_AT_RECORD),
    _number(
        Kind.HASHRATE_LEVEL,
        {Unit.HASHRATE},
        _HR,
        never=r"\b(?:gain of|loss of|lost|added|shed|wiped|offline)\b",
    ),
    _number(
        Kind.HASHRATE_FROM_PEAK,
        {Unit.PERCENT},
        _HR,
        clause=_RECORD,
        never=r"share|of the (?:network|global|total)",
    ),
    _number(
        Kind.HASHRATE_CHANGE,
        {Unit.PERCENT},
        _HR,
        never=r"share|of (?:the |all )?(?:network|global|total|bitcoin'?s?|hash)|controls?|account",
    ),
    # difficulty
    _number(Kind.DIFFICULTY_COUNT, {Unit.TIMES}, _DIFF),
    _number(Kind.DIFFICULTY_RUN, {Unit.ORDINAL}, _DIFF),
    _number(Kind.DIFFICULTY_NEXT, {Unit.PERCENT}, _DIFF, clause=_FUTURE),
    _number(Kind.DIFFICULTY_CHANGE, {Unit.PERCENT}, _DIFF),
    _number(
        Kind.DIFFICULTY_RECORD, {Unit.PLAIN}, _DIFF, near=rf"^(?=.*(?:{_TRILLIONS}))(?=.*(?:{_AT_RECORD}))"
    ),
    _number(Kind.DIFFICULTY_LEVEL, {Unit.PLAIN}, _DIFF, near=_TRILLIONS),
    # protocol
    _number(
        Kind.PROTOCOL, {Unit.BLOCKS}, _ANY, clause=r"every|each", sentence=r"difficulty|adjust|retarget|halv"
    ),
    _number(
        Kind.BLOCK_INTERVAL,
        {Unit.TIME},
        {Subject.BLOCK_TIME},
        near=r"every (?!(?:~|about |around |roughly |approximately )?(?:10|ten)[\s-]min\w*(?! (?:and )?\d))",
        never=r"target|design|intend|suppos|protocol|aim",
    ),
    _number(
        Kind.PROTOCOL,
        {Unit.TIME},
        {*_DIFF, Subject.BLOCK_TIME},
        near=r"every|target|design|once",
        never=r"average|averag|mean\b|slow|rose|stretch|now|currently|recent"
        r"|\b(?:are|been) (?:arriv|com|be)ing\b",
    ),
    _number(
        Kind.SUBSIDY,
        {Unit.BTC},
        {Subject.SUBSIDY, Subject.MINING, Subject.OTHER},
        clause=r"subsid|block reward|per block|halv",
    ),
    _number(
        Kind.PROTOCOL,
        {Unit.BTC, Unit.PLAIN},
        _ANY,
        near=r"21[\s-]million",
        sentence=r"suppl|cap|ever|limit|max",
    ),
    # blocks
    _number(Kind.BLOCK_INTERVAL, {Unit.TIME}, {Subject.BLOCK_TIME}),
    # hashprice
    _number(Kind.HASHPRICE_MEAN, {Unit.HASHPRICE, Unit.USD}, _HP, near=r"averag|\bmean\b"),
    _number(
        Kind.HASHPRICE_LEVEL,
        {Unit.HASHPRICE},
        {*_HP, Subject.MINING, Subject.OTHER},
        near=rf"^(?!.*(?:{_NEEDED}))",
    ),
    _number(
        Kind.HASHPRICE_LEVEL,
        {Unit.USD, Unit.PLAIN},
        _HP,
        near=rf"^(?!.*(?:{_NEEDED}|{_IN_COINS}))(?=.*(?:\$|\d\.\d|USD))",
    ),
    _number(Kind.HASHPRICE_CHANGE, {Unit.PERCENT}, _HP),
    # contracts and AI
    _number(Kind.CREDIT_SUPPORT, {Unit.USD}, _ANY, clause=_BACKED, sentence=COMPANY),
    _number(
        Kind.CONTRACT,
        {Unit.USD, Unit.TIME, Unit.POWER},
        _ANY,
        sentence=rf"(?:{COMPANY})(?s:.*)(?:{_CONTRACT})|(?:{_CONTRACT})(?s:.*)(?:{COMPANY})",
        never=r"hash|stock|share price|quarter",
    ),
    _number(Kind.AI_PER_MWH, {*_PER_ENERGY, Unit.USD_PER_MW_YEAR}, {Subject.AI}),
    # power and money
    _number(
        Kind.MINING_PER_MWH,
        _PER_ENERGY,
        _MINE,
        near=r"break\w*[\s-]even|earn|revenue|worth|generat|mak(?:e|es|ing)|yield|income|bring|pays?\b"
        r"|produc|return",
        never=r"electricity|power (?:price|cost|rate|credit)|tariff|energy cost|credit|curtail"
        r"|demand response|ancillary|\bs[eo]l[ld]|\bgrid\b",
    ),
    _number(
        Kind.NETWORK_POWER,
        {Unit.POWER, Unit.ENERGY},
        {Subject.POWER, Subject.HASHRATE, Subject.MINING, Subject.ATTACK},
        clause=r"network|bitcoin mining|global|all (?:bitcoin )?miners|EH/s|ZH/s",
    ),
    _number(Kind.PRICE_LEVEL, {Unit.USD}, {Subject.PRICE}),
)
"""Entries for quantities, the special before the general."""

STATEMENTS: tuple[Entry, ...] = (
    _statement(
        Kind.ASIC_AI,
        {Subject.MACHINE, Subject.AI, Subject.MINING},
        clause=_ASIC_AI,
        around=r"bitcoin|\bBTC\b|mining|miners?\b|SHA-?256|Antminer|Whatsminer|hash"
        r"|\b(?:old|older|idle|legacy|existing|unprofitable) ASICs",
        never=r"\bTPUs?\b|Broadcom|Trainium|custom (?:AI )?(?:ASICs?|chips?|silicon)|AI (?:ASICs?|chips?"
        r"|accelerators?)",
    ),
    _statement(Kind.CREDIT_SUPPORT, _ANY, clause=_BACKED, sentence=COMPANY),
    _statement(Kind.CAUSE, {Subject.HASHRATE, Subject.DIFFICULTY, Subject.HASHPRICE}, clause=_CAUSE),
    _statement(Kind.CAUSE, {Subject.MINING, Subject.MACHINE}, clause=_MINERS_LEAVE),
    _statement(Kind.HASHRATE_EXTREME, _HR, clause=_EXTREME, sentence=_SINCE, needs_when=True),
    _statement(
        Kind.HASHRATE_RECORD,
        _HR,
        clause=r"(?:record|all-time) (?:high|low)|new (?:record|peak)|record-(?:high|low)|(?:hit|set"
        r"|reach\w*|at) (?:a |an )?(?:new )?record",
        never=r"from (?:its|the|a)|below|since|off (?:its|the)|than",
    ),
    _statement(
        Kind.DIFFICULTY_EXTREME,
        _DIFF,
        clause=r"(?:largest|biggest|steepest|sharpest|deepest|worst|lowest|highest)",
        sentence=_SINCE,
        needs_when=True,
    ),
    _statement(Kind.DIFFICULTY_WAIT, _DIFF, clause=_FUTURE, needs_when=True, never=r"\d\s?%"),
    _statement(
        Kind.HASHPRICE_EXTREME,
        _HP,
        clause=rf"{_EXTREME}|(?:record|all-time) low",
        sentence=rf"{_SINCE}|record|all-time",
    ),
)
"""Entries for statements without a number of their own."""
