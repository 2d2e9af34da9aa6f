"""The five Bitcoin networks and the constants in which they differ.

Source: Bitcoin Core, `kernel/chainparams.cpp` and `consensus/params.h`; testnet4: BIP94; signet: BIP325.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wattshift.errors import InputError
from wattshift.units import BLOCK_SPACING_S, SECONDS_PER_DAY

__all__ = ["MAINNET", "NETWORKS", "REGTEST", "SIGNET", "TESTNET3", "TESTNET4", "Network", "network"]

_SATOSHI_ROOT = "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
"""Merkle root, in wire order, of the coinbase with the Times headline; only testnet4 has another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One Bitcoin network; the defaults are the main network's rules.

    Args:
        name: how it is called here.
        genesis_hash: hash of block 0, 32 bytes in internal order.
        genesis_header: block 0's header, 80 bytes.
        pow_limit: the easiest target allowed.
        pow_limit_bits: the same in compact form, hence truncated.
        subsidy_halving_interval: blocks between two halvings.
        target_timespan_s: intended length of a retarget period [s].
        target_spacing_s: intended interval between blocks [s].
        allow_min_difficulty_blocks: a block more than twice the spacing late may have minimum difficulty.
        enforce_bip94: retargets start from the period's first block, and a period may start at most
            600 s before its parent.
        no_retargeting: the difficulty never changes.
    """

    name: str
    genesis_hash: bytes
    genesis_header: bytes
    pow_limit: int = (1 << 224) - 1
    pow_limit_bits: int = 0x1D00FFFF
    subsidy_halving_interval: int = 210_000
    target_timespan_s: int = 14 * SECONDS_PER_DAY
    target_spacing_s: int = BLOCK_SPACING_S
    allow_min_difficulty_blocks: bool = False
    enforce_bip94: bool = False
    no_retargeting: bool = False

    @property
    def retarget_interval(self) -> int:
        """Blocks in a retarget period: 2016, but 144 on regtest."""
        return self.target_timespan_s // self.target_spacing_s


def _hash(display: str) -> bytes:
    """Internal order of a hash as people write it."""
    return bytes.fromhex(display)[::-1]


def _header(time_bits_nonce: str, merkle_root: str = _SATOSHI_ROOT) -> bytes:
    """Version 1, no parent, and the rest in wire order."""
    return bytes.fromhex("01000000" + "00" * 32 + merkle_root + time_bits_nonce)


MAINNET = Network(
    name="mainnet",
    genesis_hash=_hash("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
    genesis_header=_header("29ab5f49 ffff001d 1dac2b7c"),
)

TESTNET3 = Network(
    name="testnet3",
    genesis_hash=_hash("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"),
    genesis_header=_header("dae5494d ffff001d 1aa4ae18"),
    allow_min_difficulty_blocks=True,
)

TESTNET4 = Network(
    name="testnet4",
    genesis_hash=_hash("00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"),
    genesis_header=_header(
        "046f3566 ffff001d bb0c7817",
        merkle_root="4e7b2b9128fe0291db0693af2ae418b767e657cd407e80cb1434221eaea7a07a",
    ),
    allow_min_difficulty_blocks=True,
    enforce_bip94=True,
)

SIGNET = Network(
    name="signet",
    genesis_hash=_hash("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"),
    genesis_header=_header("008f4d5f ae77031e 8ad22203"),
    pow_limit=0x377AE << 216,
    pow_limit_bits=0x1E0377AE,
)

REGTEST = Network(
    name="regtest",
    genesis_hash=_hash("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"),
    genesis_header=_header("dae5494d ffff7f20 02000000"),
    pow_limit=(1 << 255) - 1,
    pow_limit_bits=0x207FFFFF,
    subsidy_halving_interval=150,
    target_timespan_s=SECONDS_PER_DAY,
    allow_min_difficulty_blocks=True,
    no_retargeting=True,
)

NETWORKS: Mapping[str, Network] = MappingProxyType(
    {each.name: each for each in (MAINNET, TESTNET3, TESTNET4, SIGNET, REGTEST)}
)
"""Every network by its name."""


def network(name: str) -> Network:
    """The network of that name.

    Raises:
        InputError: if there is none.
    """
    try:
        return NETWORKS[name]
    except KeyError:
        raise InputError(
            f"{name!r} is not a Bitcoin network", hint=f"choose one of {', '.join(NETWORKS)}"
        ) from None
