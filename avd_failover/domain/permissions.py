"""What an identity must be allowed to carry out a runbook for a plan, no more and no less (safety 4.2).

Derived, not written down: ``needs`` says which rights on which side, the plan says where that is. The result
is custom roles without wildcards and without data actions, each assigned at the narrowest scope there is,
and a condition that ties every role assignment of ours to the plan's role and groups.
"""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from avd_failover.domain.conditions import condition
from avd_failover.domain.ids import Scope, resource_group_of, subscription_of
from avd_failover.domain.needs import Held, Needs, Wish
from avd_failover.domain.plan import Plan, Side
from avd_failover.domain.rights import GRAPH, Place
from avd_failover.domain.witness import WITNESS_ACTIONS


class Assigned(Struct, frozen=True, kw_only=True):
    """Where a role is to be assigned, with the condition where there must be one."""

    scope: Scope
    condition: str = ""


class CustomRole(Struct, frozen=True, kw_only=True):
    """One custom role of Azure: exact actions, no data actions, nothing taken out again."""

    id: str
    """GUID, the same again for the same plan and purpose."""
    name: str
    summary: str
    actions: tuple[str, ...]
    assignable_scopes: tuple[Scope, ...]
    """Resource groups and subscriptions: Azure takes no single resource here."""
    assigned: tuple[Assigned, ...]


class Permissions(Struct, frozen=True, kw_only=True):
    """Everything that one identity needs."""

    plan: str
    purpose: str
    roles: tuple[CustomRole, ...]
    graph: tuple[str, ...]
    """Application permissions of Microsoft Graph."""
    notes: tuple[str, ...]
    """What was assumed, and what a careful reader will ask."""


class _Part(Struct, frozen=True):
    title: str
    summary: str
    places: tuple[Place, ...]


_PARTS = (
    _Part("host pools", "Host pools, their session hosts and sessions.", (Place.POOL,)),
    _Part("scaling plans", "Scaling plans and their schedules.", (Place.AUTOSCALE,)),
    _Part("machines", "Virtual machines of session hosts.", (Place.MACHINES,)),
    _Part(
        "visibility",
        "Every way in: application groups, roles, role assignments. Changes nothing.",
        (Place.SUBSCRIPTION, Place.MACHINES_SUBSCRIPTION),
    ),
    _Part("recovery vault", "Replicated machines and their jobs.", (Place.VAULT,)),
    _Part("reservations", "How much reserved capacity is free.", (Place.RESERVATIONS,)),
    _Part("access", "Who is assigned to application groups. Only ever with its condition.", (Place.GROUPS,)),
)
"""The roles that rights are gathered into."""


def permissions(plan: Plan, needs: Needs, wish: Wish) -> Permissions:
    """Return what an identity needs for its jobs, all of them of one plan.

    Raises:
        ValueError: Testers are wished for, and the plan has no test group.
    """
    held = needs.rights(wish)
    return Permissions(
        plan=plan.name,
        purpose=_purpose(wish),
        roles=tuple(role for part in _PARTS for role in _roles(plan, part, held, wish)),
        graph=tuple(sorted({one for verb in needs.verbs(wish) for one in GRAPH.get(verb, ())})),
        notes=(*_notes(held, wish), *_on_the_witness(plan, wish)),
    )


def _purpose(wish: Wish) -> str:
    """Say what sets an identity apart, so that no two roles of one plan share a name."""
    if wish.testers:
        told = ["testers only"]
    else:
        told = [] if wish.leaving == tuple(Side) else [f"from {wish.leaving[0].value} only"]
    if wish.reads_only:
        told.append("reads only")
    elif not wish.rollback:
        told.append("no rollback")
    return ", ".join(told)


@dataclass
class _Alike:
    """Scopes of one part that need the same actions, and the sides they lie on."""

    actions: tuple[str, ...]
    scopes: list[Scope] = field(default_factory=list)
    sides: set[str] = field(default_factory=set)

    @property
    def where(self) -> str:
        return " and ".join(sorted(self.sides))


def _roles(plan: Plan, part: _Part, held: Sequence[Held], wish: Wish) -> Iterator[CustomRole]:
    """Make the role of a part; one for each set of actions where its scopes need different ones."""
    gathered = _gathered(plan, part, held, wish)
    named = Counter[str]()
    for alike in gathered:
        named[alike.where] += 1
        told = [part.title]
        if len(gathered) > 1:
            told.append(alike.where)
        if named[alike.where] > 1:
            told.append(str(named[alike.where]))
        yield _role(plan, part.summary, ", ".join(told), alike, wish)


def _gathered(plan: Plan, part: _Part, held: Sequence[Held], wish: Wish) -> list[_Alike]:
    at: dict[Scope, set[Held]] = {}
    for one in held:
        if one.right.place in part.places:
            for scope in _scopes(plan, Side(one.side), one.right.place, wish):
                at.setdefault(scope, set()).add(one)
    alike: dict[tuple[str, ...], _Alike] = {}
    for scope in sorted(at):
        actions = tuple(sorted({one.right.action for one in at[scope]}))
        found = alike.setdefault(actions, _Alike(actions=actions))
        found.scopes.append(scope)
        found.sides |= {one.side for one in at[scope]}
    return list(alike.values())


def _role(plan: Plan, summary: str, title: str, alike: _Alike, wish: Wish) -> CustomRole:
    purpose = _purpose(wish)
    name = f"AVD failover {plan.name}{f' ({purpose})' if purpose else ''}: {title}"
    return CustomRole(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"avd-failover:role:{name}")),
        name=name,
        summary=summary,
        actions=alike.actions,
        assignable_scopes=tuple(dict.fromkeys(map(_assignable, alike.scopes))),
        assigned=tuple(_assigned(plan, scope, alike.actions, wish) for scope in alike.scopes),
    )


def _assigned(plan: Plan, scope: Scope, actions: Sequence[str], wish: Wish) -> Assigned:
    return Assigned(scope=scope, condition=condition(plan.role, _holders(plan, scope, wish), actions))


def _holders(plan: Plan, scope: Scope, wish: Wish) -> tuple[str, ...]:
    """Return the object ids that may be assigned at an application group; none at any other scope."""
    for pair in plan.application_groups:
        if scope in {pair.primary, pair.secondary}:
            if wish.testers:
                return (plan.test_group.id,) if plan.test_group else ()
            return tuple(group.id for group in pair.groups)
    return ()


def _scopes(plan: Plan, side: Side, place: Place, wish: Wish) -> tuple[Scope, ...]:
    there = plan.on(side)
    groups = tuple(Scope(pair.on(side)) for pair in plan.application_groups)
    machines = wish.machines.get(side) or (_resource_group(there.host_pool),)
    match place:
        case Place.VAULT | Place.RESERVATIONS:
            return _of_personal(plan, side, place)
        case Place.POOL:
            return (Scope(there.host_pool),)
        case Place.GROUPS:
            return groups
        case Place.AUTOSCALE:
            return (Scope(there.scaling_plan),) if there.scaling_plan else ()
        case Place.MACHINES:
            return machines
        case Place.MACHINES_SUBSCRIPTION:
            return tuple(dict.fromkeys(map(_subscription, machines)))
        case Place.SUBSCRIPTION:
            return tuple(dict.fromkeys(map(_subscription, (there.host_pool, *groups))))


def _of_personal(plan: Plan, side: Side, place: Place) -> tuple[Scope, ...]:
    if plan.personal is None:
        return ()
    if place is Place.VAULT:
        return (Scope(plan.personal.vault),)
    there = plan.personal.primary if side is Side.PRIMARY else plan.personal.secondary
    return (Scope(there.reservation_group),) if there.reservation_group else ()


def _resource_group(resource: str) -> Scope:
    return Scope(f"{_subscription(resource)}/resourcegroups/{resource_group_of(resource)}")


def _subscription(resource: str) -> Scope:
    return Scope(f"/subscriptions/{subscription_of(resource)}")


def _assignable(scope: Scope) -> Scope:
    return _resource_group(scope) if "/resourcegroups/" in scope else scope


def _notes(held: Sequence[Held], wish: Wish) -> Iterator[str]:
    for side in sorted({one.side for one in held if one.right.place is Place.MACHINES}):
        if not wish.machines.get(Side(side)):
            yield (
                f"Machines of the {side} side are taken to lie in the resource group of its host pool;"
                f" where they do not: --machines {side}=/subscriptions/.../resourceGroups/NAME."
            )
    for ending, note in _ASKED.items():
        if any(one.right.action.endswith(ending) for one in held):
            yield note
    yield (
        "What a management group or the root grants is listed, and the run is refused where it opens an"
        " application group and cannot be read by id from here."
    )


def _on_the_witness(plan: Plan, wish: Wish) -> Iterator[str]:
    """Say what is needed on data, which no role here has: it is assigned on the container alone."""
    if plan.witness is not None and not wish.reads_only:
        rights = ", ".join(one.removeprefix(_BLOBS) for one in WITNESS_ACTIONS)
        yield (
            f"On the witness {plan.witness.container}, and nothing wider, the identity needs the data actions"
            f" {_BLOBS}{{{rights}}}: no delete. deploy/witness.bicep makes container and role."
        )


_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/"

_ASKED = {
    "/hostpools/write": (
        "hostpools/write is for one setting, Start VM on Connect; Azure has no narrower action. A runbook"
        " without pool.start-on-connect needs no such right, and its barrier waits for access to settle."
    ),
    "/unplannedFailover/action": (
        "Failovers and reprotects are asked of the vault. Whether Azure then also checks this identity's"
        " rights on machines, disks and networks is unverified: try it with one desktop before the day."
    ),
    "/locations/operations/read": (
        "locations/operations/read follows a machine's start to its end. Whether Azure asks for it is"
        " unverified; it shows nothing else."
    ),
}
"""Ending of an action to what a careful reader asks about it."""
