"""A Bitcoin node's endpoints, for the conformance suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sources.conformance import Asked, Case, Make
from support.headers import Branch
from support.node import FakeNode
from wattshift.chain.params import REGTEST
from wattshift.clock import Clock
from wattshift.sources.core import CoreSource
from wattshift.sources.http.client import HttpLimits
from wattshift.sources.port import BlockRef, Endpoint, Heights

BRANCH = Branch(REGTEST).grow(4)
TIP = (4, BRANCH.hash(4))
STRETCH = Heights(first=2, count=3)
PASSWORD = "hunter2"  # noqa: S105  # of a test


def node(**settings: Any) -> FakeNode:
    return FakeNode(headers=BRANCH.headers, password=f"user:{PASSWORD}", **settings)


def making(endpoint: Callable[[CoreSource], Endpoint[Any, Any]], *, use_rest: bool = False) -> Make:
    def make(url: str, limits: HttpLimits, clock: Clock) -> Asked:
        source = CoreSource(
            "my node",
            url.replace("//", f"//user:{PASSWORD}@"),
            use_rest=use_rest,
            network=REGTEST,
            limits=limits,
            clock=clock,
        )
        return source, endpoint(source)

    return make


ENVELOPES = {
    1: frozenset({"$[*].error: missing", "$[*].error: renamed"}),
    2: frozenset({"$[*].jsonrpc"}),
}
"""The versions of JSON-RPC are told apart by nothing but what is there: no error is as good as a null one."""

NOT_USED = ("headers", "difficulty", "warnings")

CASES = [
    Case(
        name=f"core tip, JSON-RPC {version}",
        make=making(lambda source: source.tip),
        question=None,
        serve=node(version=version).respond,
        read=lambda tip: (tip.height, tip.block_hash),
        expected=TIP,
        mapped=frozenset({f"$[*].result.{name}" for name in NOT_USED}) | ENVELOPES[version],
        secrets=(PASSWORD,),
    )
    for version in (1, 2)
] + [
    Case(
        name="core headers by JSON-RPC",
        make=making(lambda source: source.headers),
        question=STRETCH,
        serve=node().respond,
        requests=2,
        read=lambda batch: batch.headers,
        expected=BRANCH.raw(2),
        mapped=ENVELOPES[2],
        secrets=(PASSWORD,),
    ),
    Case(
        name="core headers by REST",
        make=making(lambda source: source.headers, use_rest=True),
        question=STRETCH,
        serve=node().respond,
        requests=2,
        read=lambda batch: batch.headers,
        expected=BRANCH.raw(2),
        is_json=False,
        # As long as three headers: whether they are any, their proof of work tells.
        plausible=frozenset({"NUL bytes", "hex with blanks"}),
        secrets=(PASSWORD,),
    ),
    Case(
        name="core facts",
        make=making(lambda source: source.facts),
        question=BlockRef(height=3, block_hash=BRANCH.hash(3)),
        serve=node().respond,
        read=lambda facts: (facts.fee_sat, facts.subsidy_sat, facts.pool),
        expected=(1_003, 5_000_000_000, None),
        mapped=ENVELOPES[2],
        secrets=(PASSWORD,),
    ),
]
