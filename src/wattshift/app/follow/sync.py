"""A dialogue with one source of headers: what to ask it next, and what its answers prove.

It asks for the tip. If that is not known yet, it steps back on our best chain, 1, 2, 4, ... blocks, until the
source's header stands on a block that we have, and then takes batches up to the tip: a fork of any depth is
found with a number of questions that grows with its logarithm. Heights and tips are claims; what counts is
that the headers prove themselves and lead to the tip that was claimed.
"""

from __future__ import annotations

from hashlib import sha256

from wattshift.chain.extension import Extension, Point
from wattshift.chain.faults import Fault
from wattshift.chain.header import HEADER_SIZE, BlockHash, hash_to_hex
from wattshift.chain.headerchain import HeaderChain
from wattshift.errors import BrokenLink
from wattshift.sources.port import HeaderBatch, Heights, TipClaim
from wattshift.store.port import HEIGHT_LIMIT

__all__ = ["Dialogue"]

_CHANCES = 3
"""A source's tip may change while it is asked; that it does so each time is not believed."""


class Dialogue:
    """What is going on with one source.

    Args:
        chain: our chain, which grows while the dialogue goes on.
        max_headers: most headers that one question may ask for.
    """

    def __init__(self, chain: HeaderChain, max_headers: int) -> None:
        self._chain = chain
        self._max_headers = max_headers
        self._claim: TipClaim | None = None
        self._below = 0
        self._step = 0
        self._misses = 0
        self.proved: Point | None = None
        """The last block of the source's chain that proved itself; None before there is one."""
        self.short_height: int | None = None
        """The tip that it claims where that lies below all that can be checked."""

    @property
    def question(self) -> Heights | None:
        """What to ask next: headers, or for the tip where there is nothing else to ask."""
        if self._claim is None:
            return None
        wanted = 1 if self._step else self._claim.height - self._below
        return Heights(first=self._below + 1, count=min(wanted, self._max_headers))

    @property
    def left(self) -> int:
        """Blocks up to the tip that it claims, as far as is known."""
        return 0 if self._claim is None else max(0, self._claim.height - self._below)

    def start_anew(self) -> None:
        """Forget what was claimed: the next question is for the tip."""
        self._claim = None

    def hear_tip(self, claim: TipClaim) -> bool:
        """Take note of a tip; whether it is one whose headers are to be asked for.

        Raises:
            BrokenLink: if it contradicts what is proved.
        """
        self.start_anew()
        if not 0 <= claim.height < HEIGHT_LIMIT:
            raise BrokenLink(
                "it claims a tip at an impossible height", found=claim.height, hint="do not ask it"
            )
        known = self._find(claim.block_hash)
        if known is not None:
            _check_height(claim, known)
            self._settle(known)
            return False
        if claim.height <= self._chain.anchor.height:
            self.proved, self.short_height = None, claim.height
            return False
        self.short_height = None
        start = min(self._chain.height, claim.height - 1)
        if self.proved is not None:
            start = min(start, self.proved.height)
        self._claim, self._step = claim, 0
        self._below = max(start, self._chain.anchor.height)
        return True

    def hear_headers(self, asked: Heights, batch: HeaderBatch) -> bytes:
        """What of a batch is to be given to the chain: nothing if it does not stand on a block that we have.

        Raises:
            BrokenLink: if it contradicts what the source said itself.
        """
        headers = batch.headers[: asked.count * HEADER_SIZE]
        if not headers:
            self._miss("its chain ends before the tip that it claims")
            return b""
        parent = self._find(BlockHash(headers[4:36]))
        if parent is None:
            self._step_back()
            return b""
        if parent.height != asked.first - 1:
            raise BrokenLink(
                "a header is not at the height at which the source says it is",
                height=asked.first,
                found=parent.height + 1,
                expected=asked.first,
                hint="do not ask it",
            )
        return headers

    def hear_verdict(self, asked: Heights, headers: bytes, extension: Extension) -> bool:
        """Go on after the chain has judged the headers; whether they lead to the tip that was claimed.

        Raises:
            InvalidHeader: if one broke a rule.
            BrokenLink: if they do not follow each other, or do not lead to the tip that was claimed.
        """
        if extension.refused:
            raise extension.refused[0].error
        last = self._find(_hash(headers[-HEADER_SIZE:]))
        if extension.early or (last is None and (extension.dropped or self._has_early(headers))):
            self.start_anew()  # they wait for their time, or there is no room for them: so do we
            return False
        self._step = 0
        self._below = asked.first + len(headers) // HEADER_SIZE - 1
        if last is None or last.height != self._below:
            raise BrokenLink(
                "its headers do not follow each other",
                height=asked.first,
                found=hash_to_hex(_hash(headers[-HEADER_SIZE:])),
                hint="do not ask it, or ask it again when its branch has more work",
            )
        self.proved = last
        return self._look_for_tip()

    def _find(self, block_hash: BlockHash) -> Point | None:
        return self._chain.find(block_hash) if block_hash in self._chain else None

    def _has_early(self, headers: bytes) -> bool:
        """Whether one of the headers has been waiting for its time since it was sent before."""
        places = range(0, len(headers), HEADER_SIZE)
        return any(self._chain.is_early(_hash(headers[at : at + HEADER_SIZE])) for at in places)

    def _look_for_tip(self) -> bool:
        if self._claim is None:
            return False
        tip = self._find(self._claim.block_hash)
        if tip is not None:
            _check_height(self._claim, tip)
            self._settle(tip)
        elif self._below >= self._claim.height:
            self._miss("its headers do not lead to the tip that it claims")
        return tip is not None

    def _settle(self, tip: Point) -> None:
        self.proved, self._claim, self._misses = tip, None, 0

    def _step_back(self) -> None:
        base = self._chain.anchor.height
        if self._below == base:
            raise BrokenLink(
                "it does not share the block on which our chain stands",
                fault=Fault.CHECKPOINT_MISMATCH,
                height=base,
                hint="check that it follows the same network; do not ask it otherwise",
            )
        self._step = max(1, 2 * self._step)
        self._below = max(base, self._below - self._step)

    def _miss(self, words: str) -> None:
        claim = self._claim
        self.start_anew()
        self._misses += 1
        if claim is not None and self._misses >= _CHANCES:
            self._misses = 0
            raise BrokenLink(
                words,
                height=claim.height,
                found=f"nothing beyond {self._below}",
                expected=hash_to_hex(claim.block_hash),
                hint="do not ask it",
            )


def _hash(header: bytes) -> BlockHash:
    return BlockHash(sha256(sha256(header).digest()).digest())


def _check_height(claim: TipClaim, known: Point) -> None:
    if claim.height != known.height:
        raise BrokenLink(
            "it says that its tip is at another height than it is",
            found=claim.height,
            expected=known.height,
            hint="do not ask it",
        )
