"""Records around role assignments: management groups, locks, deny assignments, service principals."""

from dataclasses import dataclass
from typing import Literal

from avd_failover.simulator.records import Record

EVERYONE = "00000000-0000-0000-0000-000000000000"
"""The principal that stands for everybody in a deny assignment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagementGroup(Record):
    """A management group; ``parent`` is the id of the one above, None for the tenant's root group."""

    display_name: str
    parent: str | None
    subscriptions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock(Record):
    """A management lock on a scope and everything below it."""

    scope: str
    level: Literal["CanNotDelete", "ReadOnly"]
    notes: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DenyAssignment(Record):
    """A deny assignment, which only Azure itself makes: it takes out what roles would allow."""

    scope: str
    deny_name: str
    principals: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    does_not_apply_to_children: bool = False
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePrincipal(Record):
    """A service principal. As a caller, one that exists here is held to its roles; see ``permissions``."""

    app_id: str
    display_name: str
    created_s: float = -1e9
