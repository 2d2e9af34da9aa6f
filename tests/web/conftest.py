from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.webclient import NOW, Asker, Watch, echo
from wattshift.clock import ReplayClock
from wattshift.store.home import Home
from wattshift.store.tokens import TokenFile
from wattshift.web.guard import Guard
from wattshift.web.policy import Binding, Policy, policy_of


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "store")


@pytest.fixture
def tokens(home: Home) -> TokenFile:
    return TokenFile(home.tokens)


@pytest.fixture
def policy(home: Home) -> Policy:
    """Of a service that only this machine reaches."""
    return policy_of(Binding(), home, now=NOW)


@pytest.fixture
def ask(policy: Policy, clock: ReplayClock, watch: Watch) -> Asker:
    """Asks a service on this machine."""
    return Asker(Guard(echo, policy, clock=clock, mono_s=watch))


@pytest.fixture
def ask_remote(policy: Policy, clock: ReplayClock, watch: Watch) -> Asker:
    """Asks a service that the network reaches, over TLS, from elsewhere."""
    reached = replace(policy, needs_token=True, is_tls=True, takes_addresses=True)
    return Asker(Guard(echo, reached, clock=clock, mono_s=watch), client="203.0.113.7")
