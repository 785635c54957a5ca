"""Microsoft Graph ``$batch``: up to 20 requests in one, each with an answer of its own.

A request that names others in ``dependsOn`` runs after them, and is answered 424 when one of them failed.
Each costs what it would cost alone; the batch itself costs a request.
"""

from collections.abc import Mapping

import msgspec
from msgspec import structs

from avd_failover.simulator.http import graph, graph_above, graph_costs, graph_writes
from avd_failover.simulator.http.arm_common import member, required
from avd_failover.simulator.http.routing import Face, Route, Router
from avd_failover.simulator.http.wire import Answer, Ask, Call, Json, Refusal
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.world import World

_MOST = 20
_ROUTER = Router((*graph.ROUTES, *graph_writes.ROUTES, *graph_above.ROUTES))


def _batch(world: World, call: Call) -> Answer:
    requests = required(call.body(), "requests", list)
    if not 1 <= len(requests) <= _MOST or not all(isinstance(one, dict) for one in requests):
        text = f"Number of batch request steps exceeds the maximum value of {_MOST}."
        raise Refusal(400, "BadRequest", text)
    ids = [required(one, "id", str) for one in requests]
    if len(set(ids)) != len(ids):
        raise Refusal(400, "BadRequest", "Batch request ids must be unique.")
    told: dict[str, dict[str, Json]] = {}
    for one in requests:
        told[one["id"]] = _one(world, call, one, told)
    return Answer(body={"responses": list(told.values())})


def _one(
    world: World, call: Call, request: Mapping[str, Json], before: Mapping[str, Mapping[str, Json]]
) -> dict[str, Json]:
    needs = member(request, "dependsOn", list) or []
    if any(need not in before for need in needs):
        return _told(request, _refused(Refusal(400, "BadRequest", "dependsOn names no earlier request.")))
    if any(before[need]["status"] >= 400 for need in needs):
        return _told(request, _refused(Refusal(424, "FailedDependency", "A request it depends on failed.")))
    try:
        inner = _call(call, request)
        answer = _serve(world, inner)
    except ArmRefusal as refusal:
        answer = _refused(refusal)
    return _told(request, answer)


def _serve(world: World, call: Call) -> Answer:
    match = _ROUTER.match(call.ask.method, call.ask.path)
    heads = graph_costs.admit(world, call)
    answer = match.route.handler(world, structs.replace(call, params=match.params))
    return structs.replace(answer, headers={**heads, **answer.headers})


def _call(call: Call, request: Mapping[str, Json]) -> Call:
    url = "/v1.0/" + required(request, "url", str).lstrip("/")
    sent = member(request, "headers", dict) or {}
    heads = dict(call.ask.headers) | {str(name).lower(): str(text) for name, text in sent.items()}
    body = request.get("body")
    ask = Ask(
        method=required(request, "method", str).upper(),
        target=url,
        headers=heads,
        body=b"" if body is None else msgspec.json.encode(body),
        base=call.ask.base,
    )
    return structs.replace(call, ask=ask, query=ask.query, params={})


def _refused(refusal: ArmRefusal) -> Answer:
    heads = refusal.headers if isinstance(refusal, Refusal) else {}
    error = {"code": refusal.code, "message": refusal.message}
    return Answer(status=refusal.status, body={"error": error}, headers=heads)


def _told(request: Mapping[str, Json], answer: Answer) -> dict[str, Json]:
    kind = "text/plain" if answer.text is not None else "application/json"
    body = answer.text if answer.text is not None else answer.body
    heads = {**answer.headers} if body is None else {"Content-Type": kind, **answer.headers}
    shown: dict[str, Json] = {"id": request["id"], "status": answer.status, "headers": heads}
    return shown if body is None else shown | {"body": body}


ROUTES = (Route("POST", "/v1.0/$batch", _batch, Face.GRAPH),)
