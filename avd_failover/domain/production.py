"""What production is made of while testers are moved: each thing in exact words, a digest of them, and what
differs between two readings (contract 154; section 2, untouched users).

The words are whole: two readings of a thing are equal exactly when their words are. They name objects by id,
never people.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256

from msgspec import Struct

from avd_failover.domain.estate import (
    HostPool,
    PooledSchedule,
    RoleAssignment,
    ScalingPlan,
    SessionHost,
)
from avd_failover.domain.ids import name_of

CATEGORIES = ("assignment", "host", "pool", "autoscale", "schedule")
"""First word of each thing's words."""

Words = Mapping[str, str]
"""Id of a thing -> its words."""


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is not as it was; ``before`` and ``now`` are empty where it did not exist."""

    target: str
    before: str
    now: str

    @property
    def sentence(self) -> str:
        """What became of it, in words."""
        if not self.before:
            return f"{name_of(self.target)} is new: {self.now}"
        if not self.now:
            return f"{name_of(self.target)} is gone: {self.before}"
        return f"{name_of(self.target)} was {self.before}, is {self.now}"


def of_assignment(one: RoleAssignment) -> str:
    """Tell every property of a role assignment."""
    kept = ("scope", "principal_id", "principal_type", "role_definition_id")
    more = ("condition", "condition_version", "description")
    return _told("assignment", {name: getattr(one, name) for name in (*kept, *more)})


def of_host(one: SessionHost) -> str:
    """Tell a session host's registration and drain flag; status and power are nobody's setting."""
    return _told("host", {"machine": one.machine, "takes_sessions": one.allows_new_sessions})


def of_pool(one: HostPool) -> str:
    """Tell the settings of a host pool."""
    figures = {"kind": one.kind.value, "most_sessions": one.max_sessions_per_host}
    return _told("pool", {**figures, "start_on_connect": one.start_on_connect})


def of_scaling(one: ScalingPlan) -> str:
    """Tell which pools a scaling plan acts on."""
    return _told("autoscale", {"pools": [[ref.host_pool, ref.enabled] for ref in one.references]})


def of_schedule(one: PooledSchedule) -> str:
    """Tell what a schedule keeps up."""
    floor = one.floor
    return _told("schedule", {name: getattr(floor, name) for name in floor.__struct_fields__})


def category_of(words: str) -> str:
    """Return the category that a thing's words begin with."""
    return words.partition(" ")[0]


def of_category(things: Words, category: str) -> dict[str, str]:
    """Return the things of one category."""
    return {target: words for target, words in things.items() if category_of(words) == category}


def digest(things: Words) -> str:
    """Return the SHA-256 over every thing, by id: a line each, id and words with a tab between."""
    return sha256("".join(f"{target}\t{things[target]}\n" for target in sorted(things)).encode()).hexdigest()


def differences(before: Words, now: Words) -> tuple[Difference, ...]:
    """Return what is not as it was, by id."""
    return tuple(
        Difference(target=target, before=before.get(target, ""), now=now.get(target, ""))
        for target in sorted({*before, *now})
        if before.get(target) != now.get(target)
    )


def _told(category: str, properties: Mapping[str, object]) -> str:
    return f"{category} {json.dumps(properties, sort_keys=True, ensure_ascii=False)}"


def in_figures(things: Words) -> Iterable[tuple[str, int, str]]:
    """Yield name, number of things and digest of each category, empty ones too."""
    for category in CATEGORIES:
        found = of_category(things, category)
        yield category, len(found), digest(found)
