"""Microsoft.ResourceGraph 2021-03-01: one query over every resource of the subscriptions.

Unlike the real service, it is never behind: a change is in the answer at once.
"""

import base64

from avd_failover.simulator.http import inventory, kql
from avd_failover.simulator.http.arm_common import bad_content, member, required
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.records import Subscription
from avd_failover.simulator.records_neighbours import ResourceGroup
from avd_failover.simulator.world import World

_MOST = 1_000


def _resources(world: World, call: Call) -> Answer:
    sent = call.body()
    table, steps = kql.table_of(required(sent, "query", str))
    asked = _subscriptions(world, member(sent, "subscriptions", list))
    held = _containers(world) if table == "resourcecontainers" else _rows(world)
    found = kql.run([row for row in held if row["subscriptionId"] in asked], steps)
    return Answer(body=_page(sent, found), headers=_QUOTA)


_QUOTA = {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": "00:00:05"}


def _page(sent: dict[str, Json], found: list[kql.Row]) -> dict[str, Json]:
    options = member(sent, "options", dict) or {}
    asked = member(options, "$top", int)
    top = _MOST if asked is None else asked
    if not 1 <= top <= _MOST:
        raise bad_content(f"$top must be from 1 to {_MOST}. Path 'options.$top'.")
    skip = _skipped(member(options, "$skipToken", str)) or member(options, "$skip", int) or 0
    page = found[skip : skip + top]
    body: dict[str, Json] = {
        "totalRecords": len(found),
        "count": len(page),
        "data": _as_table(page) if member(options, "resultFormat", str) == "table" else page,
        "facets": [],
        "resultTruncated": "false",
    }
    if skip + len(page) < len(found):
        body["$skipToken"] = base64.urlsafe_b64encode(str(skip + top).encode()).decode()
    return body


def _skipped(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except ValueError as error:
        raise Refusal(400, "BadRequest", "The skip token is not valid.") from error


def _as_table(rows: list[kql.Row]) -> dict[str, Json]:
    names = list(rows[0]) if rows else []
    columns = [
        {"name": name, "type": "object" if name in {"properties", "tags"} else "string"} for name in names
    ]
    return {"columns": columns, "rows": [[row.get(name) for name in names] for row in rows]}


def _subscriptions(world: World, asked: list[Json] | None) -> set[str]:
    known = set(world.core.table(Subscription))
    return known if asked is None else known & {str(one).lower() for one in asked}


def _rows(world: World) -> list[kql.Row]:
    tenant = next((one.tenant_id for one in world.core.table(Subscription).values()), "")
    return [inventory.graph_row(row, tenant) for row in inventory.rows(world)]


def _containers(world: World) -> list[kql.Row]:
    tenants = list(world.core.table(Subscription).values())
    return [
        inventory.graph_row(
            {
                "id": group.id,
                "type": "microsoft.resources/subscriptions/resourcegroups",
                "location": group.location,
                "tags": dict(group.tags),
                "properties": {"provisioningState": "Succeeded"},
            },
            tenants[0].tenant_id,
        )
        for group in world.core.table(ResourceGroup).values()
    ]


ROUTES = (Route("POST", "/providers/Microsoft.ResourceGraph/resources", _resources, Face.ARM),)
