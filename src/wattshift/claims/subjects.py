"""What a quantity is about: the mention of a subject that governs it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from wattshift.claims.claim import Subject
from wattshift.claims.sentences import clause_around

__all__ = ["COMPANY", "Mention", "governing", "has_owner", "is_of_other_coin", "is_owned", "mentions_of"]

COMPANY = (
    r"\b(?:Marathon|MARA|Riot(?: Platforms)?|CleanSpark|IREN|Iris Energy|Cipher(?: Mining)?"
    r"|Core Scientific|TeraWulf|Hut 8|Bitfarms"
    r"|Bitdeer|HIVE|Galaxy(?: Digital)?|Applied Digital|Cango|BitFuFu|Canaan|Soluna|Stronghold|Argo"
    r"|American Bitcoin|Phoenix"
    r"|Foundry(?: USA)?|AntPool|F2Pool|ViaBTC|SpiderPool|SECPOOL|Braiins|Poolin|SlushPool|Binance Pool"
    r"|Ocean|[Pp]ools?"
    r"|(?:the|our|its|their) (?:company|firm|operator|fleet))\b"
)
"""Who has a hashrate of its own that blocks alone do not measure."""

_COMPANY = re.compile(COMPANY)
_OF_NETWORK = re.compile(
    r"\b(?:network|global|worldwide|total)\b|\b(?:bitcoin|BTC)(?:'s)?\s(?:[\w-]+\s){0,4}?(?:hash|comput)",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"\b(?!(?:Bitcoin|BTC|Network|Blockchain|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January"
    r"|February|March|April|May|June|July|August|September|October|November|December|Today|Yesterday|Year"
    r"|Month|Week)'s)[A-Z][\w&.]*'s?\s"
    r"|\b(?:China|Chinese|U\.?S\.?|United States|America|Texas|Kazakhstan|Iran|Russia|Sichuan|Xinjiang"
    r"|Inner Mongolia|Canada|Norway|Paraguay|Ethiopia|Bhutan|Europe)\b"
    r"|\b(?:miner|company|firm|operator|pool|fleet|self-mining|installed|energi[sz]ed|deployed|operational"
    r"|listed|public|publicly)\b|\bminers'"
)
_COIN = re.compile(
    r"\b(?:(?P<other>Bitcoin (?:Cash|SV|Gold)|Fractal(?: Bitcoin)?|BCH|BSV|Ethereum(?: Classic)?|Ether|ETH"
    r"|Litecoin|LTC|Dogecoin|DOGE|Kaspa|Monero|XMR|Zcash|ZEC|Solana|Ravencoin|Ergo|Dash|Namecoin|altcoins?)|Bitcoin|BTC)\b",
    re.IGNORECASE,
)
_ONE_COIN = re.compile(r"^(?:its?|that|this|the (?:coin|network|chain|token)(?:'s)?)\b", re.IGNORECASE)

_TABLE: tuple[tuple[Subject, str], ...] = (
    (Subject.HASHPRICE, r"hash[\s-]?price"),
    (Subject.DIFFICULTY, r"difficulty|retarget\w*|(?:re)?adjustments?"),
    (Subject.HASHRATE, r"hash[\s-]?rate|hash(?:ing)?[\s-]power|comput(?:ing|ational|e) power"),
    (
        Subject.BLOCK_TIME,
        (
            r"block (?:times?|intervals?|production)|time between blocks|average block|(?:minutes"
            r"|seconds) (?:per|between) blocks?"
            r"|blocks? (?:\w+ ){0,3}(?:found|mined|produced|arriv\w+|c[ao]m(?:e|es|ing)|slow\w*|tak(?:e|en|es"
            r"|ing)|took)|(?:a|one) block every"
        ),
    ),
    (Subject.SUBSIDY, r"(?:block )?subsid(?:y|ies)|block rewards?"),
    (
        Subject.PRICE,
        (
            r"(?:bitcoin|BTC)(?:'s)?(?: spot)? price|price of (?:bitcoin|BTC)|BTC/USD"
            r"|(?:bitcoin|BTC) (?:is |was |has |had |itself |also |now |currently ){0,2}(?:trad\w+"
            r"|chang\w+ hands|clos\w+|hover\w+|slid|slipp\w+"
            r"|fell|f[ae]ll\w*|dropp\w+|ros?e|rising|climb\w+|rall\w+|gain\w+|los[te]|plung\w+|surg\w+"
            r"|slump\w+|at \$|sank|tumbl\w+|jump\w+)\b"
        ),
    ),
    (Subject.ATTACK, r"51\s?%|51 percent|double[\s-]spen\w+|majority attack|attack(?:er|ers|s)?"),
    (
        Subject.AI,
        r"AI|HPC|artificial intelligence|GPU cloud|colocation|hyperscalers?|GPUs?|data cent(?:er|re)s?",
    ),
    (
        Subject.POWER,
        (
            r"(?:power|electricity|energy)(?: \w+)? (?:draw|use|usage|consumption|demand)|consum(?:e|es|ed"
            r"|ing|ption)|draws?"
        ),
    ),
    (
        Subject.OTHER,
        (
            r"revenues?|shares?|stock|margins?|capacity|production|output|fees?|profits?|profitability"
            r"|market cap\w*|income|earnings|costs?"
            r"|utili[sz]ation|stake|discounts?|tariffs?|demand|supply|sales|holdings|treasury|inflation"
            r"|rates?"
        ),
    ),
    (Subject.MACHINE, r"ASICs?|rigs?|(?:mining )?machines?|Antminers?|Whatsminers?|S(?:9|17|19|21|23)\w*"),
    (Subject.MINING, r"mining|miners?"),
)
_MENTION = re.compile(
    "|".join(rf"(?P<s{place}>\b(?:{pattern})\b)" for place, (_, pattern) in enumerate(_TABLE)), re.IGNORECASE
)
_MOVE_OF = re.compile(
    r"\W{0,3}(?:\w+\s){0,4}?(?:in|of|to|for)\s(?:the\s|its\s|their\s|bitcoin'?s?\s|BTC\s|network\s"
    r"|mining\s|global\s|total\s){0,5}$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"^(?:it|that|this|the (?:figure|metric|measure|number|drop|decline|fall|rise|increase|level|reading"
    r"|(?:[\w-]+\s){1,4}(?:average|mean)))\b",
    re.IGNORECASE,
)


def is_owned(clause: str, at: int) -> bool:
    """Whether a hashrate in a clause is a company's: one is named before it, and no network in between."""
    owner = max((found.end() for found in _COMPANY.finditer(clause, 0, at)), default=None)
    return owner is not None and _OF_NETWORK.search(clause, owner, at) is None


def has_owner(clause: str) -> bool:
    """Whether a clause names anybody who could own a hashrate: a company, a country, "the miner"."""
    return _COMPANY.search(clause) is not None or _OWNER.search(clause) is not None


def is_of_other_coin(text: str, at: int, previous: str) -> bool:
    """Whether the coin that a place of a sentence speaks of is another than bitcoin.

    In order: the nearest coin before it, the nearest after it; where the sentence starts with "its" or the
    like, the last coin of the sentence before.
    """
    coins = _coins(text)
    if coins:
        return next((is_other for start, is_other in reversed(coins) if start < at), coins[0][1])
    earlier = _coins(previous) if _ONE_COIN.match(text) else ()
    return bool(earlier) and earlier[-1][1]


@lru_cache(maxsize=64)
def _coins(text: str) -> tuple[tuple[int, bool], ...]:
    """Where coins are named, and whether each is another than bitcoin."""
    return tuple((found.start(), found["other"] is not None) for found in _COIN.finditer(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Words that name a subject.

    Args:
        subject: which.
        start: first character in the sentence.
        end: behind the last.
    """

    subject: Subject
    start: int
    end: int


def mentions_of(text: str) -> Iterator[Mention]:
    """All mentions of a sentence, in order."""
    for match in _MENTION.finditer(text):
        place = int((match.lastgroup or "s0")[1:])
        yield Mention(subject=_TABLE[place][0], start=match.start(), end=match.end())


def governing(
    text: str, start: int, end: int, mentions: list[Mention], *, before: Subject | None
) -> Subject | None:
    """The subject that governs a stretch of a sentence.

    In order: "4 % drop in difficulty"; the nearest mention before it in its clause; the nearest after it
    there; the same in the sentence; the previous sentence's subject where this one starts with a pronoun.

    Args:
        text: the sentence.
        start: first character of the stretch.
        end: behind its last.
        mentions: those that fit what is counted.
        before: the subject of the previous sentence.
    """
    after = [each for each in mentions if each.start >= end]
    if after and after[0].start - end <= 60 and _MOVE_OF.fullmatch(text[end : after[0].start]):
        return after[0].subject
    first, last = clause_around(text, start, end)
    earlier = [each for each in mentions if each.end <= start]
    for found in (
        earlier[-1] if earlier and earlier[-1].start >= first else None,
        after[0] if after and after[0].end <= last else None,
        earlier[-1] if earlier else None,
        after[0] if after else None,
    ):
        if found is not None:
            return found.subject
    return before if _PRONOUN.match(text) else None
