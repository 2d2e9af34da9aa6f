"""The present as what Home Assistant calls entities: how each is announced, and what it says now.

Announcements follow its MQTT discovery (home-assistant.io/integrations/mqtt): one retained message for each
entity under `<discovery prefix>/<component>/<node>/<object>/config`. Names stand in them as data: templates
are the same for all.

Houses act upon what they are told. So a replay is another device than the present, and what rests on old
evidence tells no use to run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wattshift import __version__
from wattshift.report.documents.now import LiveFigure, NowDocument
from wattshift.report.documents.site import Decision
from wattshift.report.figures import printable
from wattshift.report.jsontext import plain
from wattshift.report.words import age_in_words
from wattshift.units import SECONDS_PER_HOUR

__all__ = ["Entity", "Topics", "entities_of"]

_MOST_SIGNS = 255
"""Longer states are refused by Home Assistant."""

_ON_MW = 1e-6
_OLD_S = 2.0 * SECONDS_PER_HOUR
"""What rests on older evidence moves no machine [s]."""

_PERCENT = ("_frac", "_prob")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One thing that Home Assistant shows.

    Args:
        component: sensor or binary_sensor.
        object_id: its part of topics and identities.
        name: for people.
        state: what it says, as JSON has it; `value` is the state itself, the rest are its attributes.
        traits: what else its announcement says: unit, classes, category.
    """

    component: str
    object_id: str
    name: str
    state: Mapping[str, Any]
    traits: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Where entities are announced and told.

    Args:
        prefix: first part of every topic.
        discovery_prefix: where Home Assistant looks.
        site_id: the site's part.
        is_replay: whether history is told, as if it were the present.
    """

    prefix: str
    discovery_prefix: str
    site_id: str
    is_replay: bool = False

    @property
    def node(self) -> str:
        """The device, as one word."""
        return f"{self.prefix}_{self.site_id}{'_replay' if self.is_replay else ''}"

    @property
    def presence(self) -> str:
        """Says whether the service is there."""
        return f"{self.prefix}/{self.site_id}/availability"

    def state(self, entity: Entity) -> str:
        """Says what an entity says."""
        site = f"{self.prefix}/{self.site_id}{'/replay' if self.is_replay else ''}"
        return f"{site}/{entity.component}/{entity.object_id}"

    def announcement(self, entity: Entity) -> str:
        """Announces an entity."""
        return f"{self.discovery_prefix}/{entity.component}/{self.node}/{entity.object_id}/config"

    def announced(self, entity: Entity, *, device: str) -> bytes:
        """The announcement of an entity of a device."""
        content = {
            "name": entity.name,
            "unique_id": f"{self.node}_{entity.object_id}",
            "state_topic": self.state(entity),
            "value_template": "{{ value_json.value }}",
            "json_attributes_topic": self.state(entity),
            "availability_topic": self.presence,
            "device": {
                "identifiers": [self.node],
                "name": f"{device}, replayed" if self.is_replay else device,
                "manufacturer": "wattshift",
                "model": "wattshift serve",
                "sw_version": __version__,
            },
            "origin": {"name": "wattshift", "sw_version": __version__},
            **entity.traits,
        }
        return json.dumps(content, sort_keys=True).encode()


def entities_of(now: NowDocument) -> tuple[Entity, ...]:
    """The present as entities; what is not known now is not among them."""
    parts = _parts([*(figure.of for figure in now.figures), *(use.name for use in now.decisions)])
    return (
        *(_figure(figure, parts[figure.of]) for figure in now.figures),
        *(entity for use in now.decisions for entity in _decision(use, parts[use.name], now)),
        *_standing(now),
    )


def _figure(figure: LiveFigure, part: str) -> Entity:
    """A number, in percent where it is a fraction, as people read it."""
    in_percent = figure.key.endswith(_PERCENT)
    unit = "%" if in_percent else figure.unit
    factor = 100.0 if in_percent else 1.0
    ends = {"value": figure.value, "low": figure.low, "high": figure.high}
    state = {
        **{name: None if end is None else end * factor for name, end in ends.items()},
        "level": figure.level,
        "unit": unit,
        "known_at": plain(figure.known_at),
        "age_s": figure.age_s,
        "origin": figure.origin,
    }
    return Entity(
        component="sensor",
        object_id=f"{figure.key}_{part}" if part else figure.key,
        name=printable(figure.title),
        state=state,
        traits={"state_class": "measurement", **({"unit_of_measurement": unit} if unit else {})},
    )


def _old_in_words(now: NowDocument) -> str:
    """Why nobody should act upon the decisions; empty if they rest on fresh evidence."""
    age_s = max(
        [now.lag_s, *(figure.age_s for figure in now.figures if figure.key == "delivered_usd_per_mwh")]
    )
    return f"not known: what it rests on is {age_in_words(age_s)}" if age_s > _OLD_S else ""


def _decision(use: Decision, part: str, now: NowDocument) -> Iterator[Entity]:
    """Whether a use should run, and at which power; unknown where that rests on old evidence.

    Where no edition comes at all, Home Assistant itself forgets them; each says its instant, so that one
    that decides the same again is heard.
    """
    name, old = printable(use.name), _old_in_words(now)
    more = {
        "reason": old or use.reason,
        "worth_usd_per_mwh": use.worth_usd_per_mwh,
        "as_of": plain(now.as_of),
    }
    run = "ON" if use.load_mw > _ON_MW else "OFF"
    expiry = {"expire_after": int(_OLD_S)}
    yield Entity(
        component="binary_sensor",
        object_id=f"run_{part}",
        name=f"Run {name}",
        state={"value": None if old else run, **more},
        traits={"device_class": "running", **expiry},
    )
    yield Entity(
        component="sensor",
        object_id=f"load_mw_{part}",
        name=f"Power for {name}",
        state={"value": None if old else use.load_mw, "capacity_mw": use.capacity_mw, **more},
        traits={
            "device_class": "power",
            "state_class": "measurement",
            "unit_of_measurement": "MW",
            **expiry,
        },
    )


def _standing(now: NowDocument) -> Iterator[Entity]:
    """How it stands, in words and instants."""
    yield Entity(
        component="binary_sensor",
        object_id="is_move_real",
        name="Hashrate moved by more than luck",
        state={
            "value": "ON" if now.is_move_real else "OFF",
            "luck_prob": now.hashrate.change.luck_prob,
            "headline": now.headlines[0],
        },
    )
    words = _old_in_words(now) or now.decisions_in_words
    yield Entity(
        component="sensor",
        object_id="decisions",
        name="What to run",
        state={"value": words[:_MOST_SIGNS], "in_words": words, "headlines": list(now.headlines)},
    )
    yield Entity(
        component="sensor",
        object_id="as_of",
        name="Known as of",
        state={"value": plain(now.as_of), "is_replay": now.is_replay},
        traits={"device_class": "timestamp", "entity_category": "diagnostic"},
    )
    yield Entity(
        component="sensor",
        object_id="lag_s",
        name="Behind the present",
        state={"value": now.lag_s, "tip_height": now.tip_height, "tip_at": plain(now.tip_at)},
        traits={
            "device_class": "duration",
            "entity_category": "diagnostic",
            "state_class": "measurement",
            "unit_of_measurement": "s",
        },
    )


def _parts(names: Iterable[str]) -> dict[str, str]:
    """A word for each name, of signs that topics allow; names that become alike are told apart by a hash."""
    distinct = dict.fromkeys(names)
    words = {name: re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") for name in distinct}
    counts = Counter(words.values())
    return {
        name: word if not name or (word and counts[word] == 1) else f"{word}_{_hash(name)}".strip("_")
        for name, word in words.items()
    }


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]
