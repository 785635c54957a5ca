"""Microsoft Graph v1.0: groups and users made and deleted, members added many at a time."""

from avd_failover.simulator.http.arm_common import member, required
from avd_failover.simulator.http.graph import context, plain_body
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.world import World

_BOUND = "members@odata.bind"
_MOST_BOUND = 20


def _create_group(world: World, call: Call) -> Answer:
    sent = call.body()
    for name, kind in (("mailEnabled", bool), ("mailNickname", str), ("securityEnabled", bool)):
        if member(sent, name, kind) is None:
            text = f"A value must be specified for property '{name}'."
            raise Refusal(400, "Request_BadRequest", text)
    if member(sent, "groupTypes", list):
        raise Refusal(501, "NotSimulated", "Only security groups with assigned members can be created.")
    made = world.directory.create_group(
        call.actor,
        required(sent, "displayName", str),
        members=_bound(sent),
        description=member(sent, "description", str),
    )
    return Answer(status=201, body=context(call, "groups/$entity") | plain_body(made))


def _patch_group(world: World, call: Call) -> Answer:
    """Add up to 20 members; all of them or none."""
    sent = call.body()
    if set(sent) != {_BOUND}:
        raise Refusal(501, "NotSimulated", f"Only {_BOUND} of a group can be changed.")
    group, wanted = world.directory.group(call.params["group"]), _bound(sent)
    for one in wanted:
        world.directory.groups_above(one, transitive=False)
    if {one.lower() for one in wanted} & {one.lower() for one in group.members}:
        text = (
            "One or more added object references already exist for the following modified properties:"
            " 'members'."
        )
        raise Refusal(400, "Request_BadRequest", text)
    for one in wanted:
        world.directory.add_member(call.actor, group.id, one)
    return Answer(status=204)


def _bound(sent: dict[str, Json]) -> list[str]:
    references = member(sent, _BOUND, list) or []
    if len(references) > _MOST_BOUND or not all(isinstance(one, str) for one in references):
        text = f"The number of references in '{_BOUND}' must not exceed {_MOST_BOUND}."
        raise Refusal(400, "Request_BadRequest", text)
    return [one.rstrip("/").rsplit("/", 1)[-1] for one in references]


def _delete_group(world: World, call: Call) -> Answer:
    world.directory.delete_group(call.actor, call.params["group"])
    return Answer(status=204)


def _create_user(world: World, call: Call) -> Answer:
    sent = call.body()
    for name in ("mailNickname", "passwordProfile"):
        if sent.get(name) is None:
            text = f"A value must be specified for property '{name}'."
            raise Refusal(400, "Request_BadRequest", text)
    made = world.directory.create_user(
        call.actor,
        required(sent, "displayName", str),
        required(sent, "userPrincipalName", str),
        enabled=required(sent, "accountEnabled", bool),
    )
    return Answer(status=201, body=context(call, "users/$entity") | plain_body(made))


def _delete_user(world: World, call: Call) -> Answer:
    world.directory.delete_user(call.actor, call.params["user"])
    return Answer(status=204)


ROUTES = (
    Route("POST", "/v1.0/groups", _create_group, Face.GRAPH),
    Route("PATCH", "/v1.0/groups/{group}", _patch_group, Face.GRAPH),
    Route("DELETE", "/v1.0/groups/{group}", _delete_group, Face.GRAPH),
    Route("POST", "/v1.0/users", _create_user, Face.GRAPH),
    Route("DELETE", "/v1.0/users/{user}", _delete_user, Face.GRAPH),
)
