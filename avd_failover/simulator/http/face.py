"""The whole simulated Azure without a socket: a request in, the finished answer out.

Order of the checks is ARM's: who asks, is there such an operation, is the api-version there, does the
subscription exist, is there budget left; only then the operation itself.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from avd_failover.simulator.faults.ruling import CLEAR, Ruling, carry_out
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.http import (
    arm_access,
    arm_authorization,
    arm_bulk,
    arm_commands,
    arm_compute,
    arm_desktop_writes,
    arm_desktops,
    arm_extensions,
    arm_fleet,
    arm_galleries,
    arm_graph_query,
    arm_neighbours,
    arm_places,
    arm_recovery,
    arm_recovery_actions,
    arm_recovery_jobs,
    arm_recovery_plans,
    arm_resources,
    compute_policies,
    graph,
    graph_above,
    graph_batch,
    graph_costs,
    graph_writes,
    guard,
    metadata,
    tokens,
)
from avd_failover.simulator.http.blob_service import error_body
from avd_failover.simulator.http.faulty import sent_of, skewed
from avd_failover.simulator.http.heads import Moment, activity_id, dressed
from avd_failover.simulator.http.routing import Face, Match, Route, Router, Unserved
from avd_failover.simulator.http.wire import Answer, Ask, Call, Json, Refusal
from avd_failover.simulator.limits import Kind
from avd_failover.simulator.records import Subscription
from avd_failover.simulator.refusals import AnswerLost, ArmRefusal, Throttled
from avd_failover.simulator.world import World

AZURE_ROUTES: tuple[Route, ...] = (
    *arm_resources.ROUTES,
    *arm_authorization.ROUTES,
    *arm_access.ROUTES,
    *arm_desktops.ROUTES,
    *arm_desktop_writes.ROUTES,
    *arm_compute.ROUTES,
    *arm_fleet.ROUTES,
    *arm_neighbours.ROUTES,
    *arm_places.ROUTES,
    *arm_graph_query.ROUTES,
    *arm_galleries.ROUTES,
    *arm_commands.ROUTES,
    *arm_bulk.ROUTES,
    *arm_extensions.ROUTES,
    *arm_recovery.ROUTES,
    *arm_recovery_actions.ROUTES,
    *arm_recovery_jobs.ROUTES,
    *arm_recovery_plans.ROUTES,
    *graph.ROUTES,
    *graph_writes.ROUTES,
    *graph_above.ROUTES,
    *graph_batch.ROUTES,
    *metadata.ROUTES,
    *tokens.ROUTES,
)
"""Every operation of Azure that is simulated, one row each."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OPEN_TO_ALL = {Face.TOKENS, Face.CONTROL}
_KINDS: Mapping[str, Kind] = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_BY_GATEWAY = frozenset(
    {
        "AuthorizationFailed",
        "InvalidResourceType",
        "InvalidSubscriptionId",
        "MissingApiVersionParameter",
        "MissingSubscription",
        "ResourceGroupNotFound",
        "ResourceNotFound",
        "SubscriptionNotFound",
        "SubscriptionRequestsThrottled",
    }
)
"""Codes of errors that ARM itself makes; they carry ``x-ms-failure-cause: gateway`` (recorded)."""
_NOT_SIMULATED = "NotSimulated"
"""Code of what is served in part only."""
_MOST_GAPS = 1_000


class Pages(Struct, frozen=True, kw_only=True):
    """Most items on one page of a list."""

    arm: int = 100
    graph: int = 100
    """Graph's own default; ``$top`` may ask for up to 999."""


class Finished(Struct, frozen=True, kw_only=True):
    """An answer ready for the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Passed(Struct, frozen=True, kw_only=True):
    """What the checks before an operation found out."""

    face: Face
    remaining: int | None = None
    remaining_for_all: int | None = None
    heads: Mapping[str, str] = {}
    """What a provider's own budget says, beside ARM's."""


class Azure:
    """Answers requests over a world. It holds no time of its own: whoever owns it advances the world."""

    def __init__(self, world: World, *, pages: Pages | None = None, more: Iterable[Route] = ()) -> None:
        self.world = world
        self.gaps: dict[str, int] = {}
        self._pages = pages or Pages()
        self._router = Router([*AZURE_ROUTES, *more])
        self._asked = 0

    def rule(self, ask: Ask) -> Ruling:
        """Ask the faults what happens to a request; to be asked once, before ``answer``."""
        if not self.world.faults.present:
            return CLEAR
        try:
            match = self._matched(ask)
            if match.route.face is Face.CONTROL:
                return CLEAR
            return self.world.faults.rule(self._sent(ask, match))
        except ArmRefusal:
            return CLEAR

    def answer(self, ask: Ask) -> Finished:
        """Answer one request on an ordinary day; every refusal is an answer, with the body Azure gives."""
        return self.answer_as_ruled(ask, CLEAR)

    def answer_as_ruled(self, ask: Ask, ruling: Ruling) -> Finished:
        """Answer one request as faults have it.

        An answer that is lost on the way has no body and status 0: ``damage`` sends nothing of it.
        """
        self._asked += 1
        passed = _Passed(face=Face.GRAPH if ask.path.startswith("/v1.0") else Face.ARM)
        try:
            match = self._matched(ask)
            passed = _Passed(face=match.route.face)
            actor = "" if passed.face in _OPEN_TO_ALL else tokens.actor_of(ask.headers)
            call = self._call(ask, match, actor)
            passed = self._admitted(call, passed.face)
            answer = self._served(match, call, ruling)
        except AnswerLost:
            return Finished(status=0, headers={}, body=b"")
        except ArmRefusal as refusal:
            self._note_gap(ask, refusal)
            answer = _refused(refusal, passed.face, self._asked)
        return self._finished(ask, answer, passed)

    def refuse(self, ask: Ask, refusal: Refusal) -> Finished:
        """Answer a request that must not be looked at any further."""
        self._asked += 1
        return self._finished(ask, _refused(refusal, Face.ARM, self._asked), _Passed(face=Face.ARM))

    def _served(self, match: Match, call: Call, ruling: Ruling) -> Answer:
        if match.route.face is Face.CONTROL:
            return match.route.handler(self.world, call)
        sent = sent_of(self.world, match, call)
        answer = carry_out(self.world, sent, ruling, lambda world: match.route.handler(world, call))
        return skewed(answer, ruling, call)

    def _sent(self, ask: Ask, match: Match) -> Sent:
        actor = "" if match.route.face in _OPEN_TO_ALL else tokens.actor_of(ask.headers)
        return sent_of(self.world, match, self._call(ask, match, actor))

    def _note_gap(self, ask: Ask, refusal: ArmRefusal) -> None:
        if not isinstance(refusal, Unserved) and refusal.code != _NOT_SIMULATED:
            return
        gap = f"{ask.method} {ask.path}"
        if gap in self.gaps or len(self.gaps) < _MOST_GAPS:
            self.gaps[gap] = self.gaps.get(gap, 0) + 1

    def _matched(self, ask: Ask) -> Match:
        try:
            return self._router.match(ask.method, ask.path)
        except Refusal:
            tokens.actor_of(ask.headers)
            raise

    def _call(self, ask: Ask, match: Match, actor: str) -> Call:
        page = self._pages.graph if match.route.face is Face.GRAPH else self._pages.arm
        return Call(ask=ask, actor=actor, params=match.params, query=ask.query, number=self._asked, page=page)

    def _admitted(self, call: Call, face: Face) -> _Passed:
        if face in _OPEN_TO_ALL:
            return _Passed(face=face)
        if face is Face.BLOBS:
            return _Passed(face=face)
        if face is Face.GRAPH:
            return _Passed(face=face, heads=graph_costs.admit(self.world, call))
        if not call.query.get("api-version"):
            raise Refusal(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        subscription = call.params.get("subscription") or _subscription_of(call.params.get("scope", ""))
        self._check_subscription(subscription)
        kind = budget_of(call.ask.method)
        left = self.world.admit(call.actor, subscription, kind)
        for_all = self.world.budgets.left_for_all(subscription, kind)
        guard.check(self.world, call)
        heads = compute_policies.admit(self.world, call) if face is Face.COMPUTE else {}
        return _Passed(face=face, remaining=left, remaining_for_all=for_all, heads=heads)

    def _check_subscription(self, subscription: str) -> None:
        if not subscription:
            return
        if not _GUID.fullmatch(subscription):
            raise Refusal(
                400,
                "InvalidSubscriptionId",
                f"The provided subscription identifier '{subscription}' is malformed or invalid.",
            )
        if self.world.core.find(Subscription, subscription) is None:
            raise Refusal(
                404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found."
            )

    def _finished(self, ask: Ask, answer: Answer, passed: _Passed) -> Finished:
        moment = Moment(
            number=self._asked,
            at=self.world.faults.azure_time(),
            path=ask.path,
            client_request=ask.headers.get("x-ms-client-request-id", "")
            or ask.headers.get("client-request-id", ""),
            kind=budget_of(ask.method),
            remaining=passed.remaining,
            remaining_for_all=passed.remaining_for_all,
        )
        body, kind = _encoded(answer)
        heads = dressed(passed.face, moment, {**passed.heads, **answer.headers})
        return Finished(
            status=answer.status, headers=heads | {"Content-Type": kind} if kind else heads, body=body
        )


def budget_of(method: str) -> Kind:
    """Return which of ARM's budgets a verb draws on; POST counts as a write."""
    return _KINDS.get(method, "writes")


def _subscription_of(scope: str) -> str:
    parts = scope.split("/")
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


def _encoded(answer: Answer) -> tuple[bytes, str]:
    if answer.raw is not None:
        return answer.raw, ""
    if answer.text is not None:
        return answer.text.encode(), "text/plain; charset=utf-8"
    if answer.body is None:
        return b"", ""
    return msgspec.json.encode(answer.body), "application/json; charset=utf-8"


def _refused_blob(refusal: ArmRefusal, heads: dict[str, str]) -> Answer:
    told = {"x-ms-error-code": refusal.code, "Content-Type": "application/xml"}
    body = error_body(refusal.code, refusal.message).encode()
    return Answer(status=refusal.status, raw=body, headers=heads | told)


def _refused(refusal: ArmRefusal, face: Face, number: int) -> Answer:
    heads = dict(refusal.headers)
    if isinstance(refusal, Throttled):
        heads["Retry-After"] = str(refusal.retry_after_s)
    if refusal.code in _BY_GATEWAY:
        heads["x-ms-failure-cause"] = "gateway"
    if face is Face.BLOBS:
        return _refused_blob(refusal, heads)
    text = refusal.message
    if refusal.code.isdigit():
        text = f"ActivityId: {activity_id(number)} Error: {text}"
    error: dict[str, Json] = {"code": refusal.code, "message": text}
    if face is Face.GRAPH:
        error["innerError"] = {"request-id": activity_id(number), "client-request-id": activity_id(number)}
    return Answer(status=refusal.status, body={"error": error}, headers=heads)
