"""What a fault may touch, and names in it resolved; a name that nothing has is told with what there is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from avd_failover.runbook.faults import listed, nearest
from avd_failover.simulator.faults.sent import ROUTES
from avd_failover.simulator.records import Group, Record, Region, User, key

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """The world, for one fault: its id names what it does in the history."""

    world: "World"
    fault: str
    hit: Callable[[str, str], None]
    """Note that it struck: what, and which resource."""
    memory: dict[str, Any]
    """What the fault wants to remember between two strikes."""
    left_s: float
    """Seconds until the fault is over; infinite when it never is."""


def check_route(pattern: str) -> None:
    """Raise ``ValueError`` for a pattern that fits no request."""
    if not any(fnmatchcase(route, pattern) for route in ROUTES):
        hint = nearest(pattern, ROUTES)
        raise ValueError(f"no request is called {pattern!r}; {hint or 'there are ' + ', '.join(ROUTES)}")


def check_region(world: "World", pattern: str) -> None:
    """Raise ``ValueError`` for a pattern that fits no region."""
    _check("region", pattern, [region.id for region in world.core.table(Region).values()])


def check_pattern(target: str) -> None:
    """Raise ``ValueError`` for a pattern that could fit no id: a bare name needs asterisks around it."""
    if target and not target.startswith(("/", "*", "?")) and "/" not in target and not _guid(target):
        raise ValueError(f"target {target!r} fits no id: write '*{target}*', or the whole id")


def named(world: "World", kind: type[R], name: str) -> R:
    """Return the record with this id, last part of the id, or display name.

    Raises ``ValueError`` when nothing, or more than one, is called so.
    """
    found = [record for record in world.core.table(kind).values() if _is(record, name)]
    if len(found) == 1:
        return found[0]
    what = _WORDS.get(kind.__name__, kind.__name__)
    if found:
        raise ValueError(f"{len(found)} of kind {what} are called {name!r}: give the id")
    names = [_name(record) for record in world.core.table(kind).values()]
    hint = nearest(name, names) or f"there are {listed(names) or 'none'}"
    raise ValueError(f"no {what} is called {name!r}; {hint}")


def matching(world: "World", kind: type[R], pattern: str) -> list[R]:
    """Return the records whose name or id fits a pattern, in order of creation."""
    return [record for record in world.core.table(kind).values() if fits(record, pattern)]


def fits(record: Record, pattern: str) -> bool:
    """Tell whether a record's name or id fits a pattern."""
    wanted = pattern.lower()
    return fnmatchcase(_name(record).lower(), wanted) or fnmatchcase(key(record.id), wanted)


def require(world: "World", kind: type[Record], pattern: str) -> None:
    """Raise ``ValueError`` when no record of the kind fits."""
    if not matching(world, kind, pattern):
        _check(_WORDS.get(kind.__name__, kind.__name__), pattern, map(_name, world.core.table(kind).values()))


def _check(what: str, pattern: str, names: Iterable[str]) -> None:
    known = list(names)
    if not any(fnmatchcase(name.lower(), pattern.lower()) for name in known):
        hint = nearest(pattern, known) or f"there are {listed(known) or 'none'}"
        raise ValueError(f"no {what} is called {pattern!r}; {hint}")


def _is(record: Record, name: str) -> bool:
    return key(record.id) == key(name) or _name(record).lower() == name.lower()


def _name(record: Record) -> str:
    if isinstance(record, Group):
        return record.display_name
    return record.display_name if isinstance(record, User) else record.name


def _guid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


_WORDS = {
    "ApplicationGroup": "application group", "Group": "group", "HostPool": "host pool",
    "Machine": "machine", "ProtectedItem": "protected item", "RoleDefinition": "role",
    "ScalingPlan": "scaling plan", "SessionHost": "session host", "User": "user",
}  # fmt: skip
