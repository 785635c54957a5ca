"""Microsoft Graph v1.0: the groups that a user or group is in, directly or through nested groups."""

from collections.abc import Sequence

from avd_failover.simulator.http.arm_common import required
from avd_failover.simulator.http.graph import Member, cast_of, context, listed
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Refusal
from avd_failover.simulator.world import World

_MOST_CHECKED = 20


def _member_of(world: World, member: str) -> Sequence[Member]:
    return world.directory.groups_above(member, transitive=False)


def _transitive_member_of(world: World, member: str) -> Sequence[Member]:
    return world.directory.groups_above(member, transitive=True)


def _check_groups(world: World, call: Call) -> Answer:
    """POST checkMemberGroups: which of up to 20 groups the object is in, through nested groups too."""
    asked = required(call.body(), "groupIds", list)
    if len(asked) > _MOST_CHECKED or not all(isinstance(one, str) for one in asked):
        raise Refusal(400, "Request_BadRequest", f"Invalid groupIds: at most {_MOST_CHECKED} strings.")
    subject = call.params.get("user") or call.params["group"]
    held = {group.id.lower() for group in world.directory.groups_above(subject, transitive=True)}
    found = [one for one in asked if one.lower() in held]
    return Answer(body=context(call, "Collection(Edm.String)") | {"value": found})


_SUBJECTS = ("/v1.0/users/{user}", "/v1.0/groups/{group}")

ROUTES = tuple(
    route
    for subject in _SUBJECTS
    for route in (
        Route("GET", subject + "/memberOf", listed(_member_of), Face.GRAPH),
        Route("GET", subject + "/memberOf/{cast}", cast_of(_member_of), Face.GRAPH),
        Route("GET", subject + "/transitiveMemberOf", listed(_transitive_member_of), Face.GRAPH),
        Route("GET", subject + "/transitiveMemberOf/{cast}", cast_of(_transitive_member_of), Face.GRAPH),
        Route("POST", subject + "/checkMemberGroups", _check_groups, Face.GRAPH),
    )
)
