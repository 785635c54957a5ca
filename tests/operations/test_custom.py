"""Programs and addresses as steps: when they are sent, sent again, or a person must say so."""

import json
from datetime import timedelta
from typing import Any

import pytest

from avd_failover.cloud import Answered
from avd_failover.domain.actions import Action, CallWebhook, Moves, RunCommand
from avd_failover.domain.approvals import Approval
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Step
from avd_failover.operations.base import AfterRefusal, Bound, NotYet, Proven, Stuck, Tried, Verdict
from avd_failover.operations.registry import operation_for
from tests.operations import places
from tests.operations.remembering import Remembering
from tests.operations.world import T0

RUN, STEP, NOW_S = "run-1", "dns", 1000.0
ARGV = ("/opt/dns", "--to", "${target.region}", "${plan.name}", "$HOME", "{0}")
COMMAND: dict[str, Any] = {"argv": ARGV, "environment": ("DNS_TOKEN",), "timeout": 90.0}
WEBHOOK: dict[str, Any] = {"url": "https://hooks.test/failover", "bearer_from": "TOKEN"}


class Status:
    """The seam's way out, for questions only."""

    def __init__(self, *answers: Answered) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    @property
    def outside(self) -> "Status":
        return self

    async def ask(self, question: Any) -> Answered:
        self.asked.append(question)
        return self.answers.pop(0)


def bound(uses: str, **settings: Any) -> Bound:
    given = (COMMAND if uses == "command" else WEBHOOK) | settings
    return Bound(
        run=RUN,
        epoch=1,
        route=places.make_route(),
        step=Step(id=STEP, uses=uses, settings=given, summary="why"),
    )


def tried(ended: str, *, ago_s: float = 100.0, number: int = 1, detail: str = "") -> Tried:
    at = T0 + timedelta(seconds=NOW_S - ago_s)
    over = None if ended == "crashed" else at
    return Tried(
        target=STEP if number == 1 else f"{STEP} (attempt {number})",
        at=at,
        ended="unknown" if ended == "crashed" else ended,
        ended_at=over,
        detail=detail,
    )


def said(verdict: str, ago_s: float, by: str = "ann") -> Approval:
    at = T0 + timedelta(seconds=NOW_S - ago_s)
    return Approval(by=by, at=at, verdict="approve" if verdict == "approve" else "reject")


def remembering(tries: list[Tried], words: list[Approval] | None = None) -> Remembering:
    memory = Remembering(now_s=NOW_S)
    memory.tries[STEP] = tries
    memory.said[STEP] = words or []
    return memory


async def look(
    one: Bound, tries: list[Tried], words: list[Approval] | None = None, cloud: Status | None = None
) -> tuple[Moves, Verdict]:
    operation = operation_for(one)
    seen = await operation.observe(cloud or Status(), remembering(tries, words))  # type: ignore[arg-type]
    return operation.plan(seen), operation.prove((seen,))


async def test_a_program_is_planned_with_its_names_filled_and_all_else_word_for_word() -> None:
    moves, verdict = await look(bound("command", idempotent=True), [])
    route = places.make_route()
    filled = ("/opt/dns", "--to", route.plan.secondary.region, route.plan.name, "$HOME", "{0}")
    wanted = RunCommand(
        step=STEP, number=1, argv=filled, environment=("DNS_TOKEN",), timeout_s=90.0, reason="why"
    )
    assert moves == Moves(actions=(wanted,), whole=False)
    assert isinstance(verdict, NotYet)


async def test_a_call_tells_run_plan_step_direction_and_mode_and_nothing_else() -> None:
    moves, _ = await look(bound("webhook", idempotent=True), [])
    (call,) = moves.actions
    assert isinstance(call, CallWebhook)
    assert json.loads(call.body) == {
        "run": RUN,
        "plan": places.make_route().plan.name,
        "step": STEP,
        "direction": "primary->secondary",
        "mode": "planned",
    }
    assert (call.url, call.bearer_from, call.timeout_s) == (WEBHOOK["url"], "TOKEN", 30.0)


SENDS = [
    # idempotent, tries, words, what follows
    (True, [], [], "sent as attempt 1"),
    (False, [], [], "sent as attempt 1"),
    (True, [tried("transient")], [], "sent as attempt 1"),
    (False, [tried("transient")], [], "sent as attempt 1"),
    (True, [tried("unknown")], [], "sent as attempt 2"),
    (True, [tried("crashed", ago_s=0)], [], "sent as attempt 2"),
    (True, [tried("refused")], [], "sent as attempt 2"),
    (True, [tried("unknown", ago_s=1)], [], "waits"),
    (True, [tried("unknown"), tried("unknown", ago_s=3, number=2)], [], "waits"),
    (True, [tried("unknown"), tried("unknown", ago_s=5, number=2)], [], "sent as attempt 3"),
    (False, [tried("unknown")], [], "stuck"),
    (False, [tried("crashed")], [], "stuck"),
    (False, [tried("refused")], [], "stuck"),
    (False, [tried("unknown")], [said("approve", 50)], "sent as attempt 2"),
    (False, [tried("crashed")], [said("approve", 50)], "sent as attempt 2"),
    (False, [tried("refused")], [said("approve", 50)], "sent as attempt 2"),
    (False, [tried("unknown")], [said("approve", 150)], "stuck"),
    (False, [tried("unknown")], [said("reject", 50)], "stuck"),
    (False, [tried("unknown")], [said("approve", 50), said("reject", 40)], "stuck"),
    (False, [tried("unknown"), tried("unknown", ago_s=20, number=2)], [said("approve", 50)], "stuck"),
    (True, [tried("applied")], [], "proven"),
    (False, [tried("applied")], [], "proven"),
    (False, [tried("unknown"), tried("applied", ago_s=20, number=2)], [], "proven"),
]


@pytest.mark.parametrize("uses", ["command", "webhook"])
@pytest.mark.parametrize(("idempotent", "tries", "words", "follows"), SENDS)
async def test_what_follows_from_the_attempts_so_far(
    uses: str, idempotent: bool, tries: list[Tried], words: list[Approval], follows: str
) -> None:
    moves, verdict = await look(bound(uses, idempotent=idempotent), tries, words)
    numbers = [one.number for one in moves.actions if isinstance(one, RunCommand | CallWebhook)]
    if follows.startswith("sent"):
        assert numbers == [int(follows[-1])]
        assert isinstance(verdict, NotYet)
    else:
        assert numbers == []
        assert isinstance(verdict, {"waits": NotYet, "stuck": Stuck, "proven": Proven}[follows])


@pytest.mark.parametrize(
    ("idempotent", "ended", "whole"),
    [
        (True, "applied", True),
        (False, "applied", False),
        (False, "unknown", False),
        (True, "unknown", False),
    ],
)
async def test_what_nobody_knows_is_only_settled_where_once_more_is_as_good(
    idempotent: bool, ended: str, whole: bool
) -> None:
    moves, _ = await look(bound("command", idempotent=idempotent), [tried("unknown"), tried(ended, number=2)])
    assert moves.whole is whole


async def test_who_must_decide_is_told_what_happened_and_every_choice() -> None:
    _, verdict = await look(
        bound("command", idempotent=False), [tried("refused", detail="ended with exit code 3")]
    )
    assert isinstance(verdict, Stuck)
    for part in (
        "dns: ended with exit code 3. It is to be sent only once.",
        "failover approve run-1 dns",
        "failover skip run-1 dns --reason TEXT",
        "failover resume run-1",
    ):
        assert part in verdict.because


async def test_a_key_stays_while_the_call_may_have_arrived_and_is_new_after_a_refusal() -> None:
    async def key(*tries: Tried) -> str:
        moves, _ = await look(bound("webhook", idempotent=True), list(tries))
        (call,) = moves.actions
        assert isinstance(call, CallWebhook)
        return call.key

    first = await key()
    assert await key(tried("unknown")) == first
    assert await key(tried("crashed"), tried("unknown", number=2, ago_s=90)) == first
    again = await key(tried("refused"))
    assert again != first
    assert await key(tried("refused"), tried("unknown", number=2, ago_s=90)) == again


@pytest.mark.parametrize(("idempotent", "after"), [(True, AfterRefusal.STOP), (False, AfterRefusal.LEAVE)])
async def test_a_refusal_ends_the_step_or_leaves_it_to_a_person(
    idempotent: bool, after: AfterRefusal
) -> None:
    one = bound("command", idempotent=idempotent)
    moves, _ = await look(one, [])
    action: Action = moves.actions[0]
    assert operation_for(one).after(action, RefusedError("no")) is after


async def test_a_status_is_asked_for_once_it_was_sent_and_decides() -> None:
    one = bound(
        "webhook", idempotent=True, status_path="/jobs/7", status_field="job.state", status_value="ok"
    )
    status = Status(Answered(matches=False, found="running"), Answered(matches=True, found="ok"))
    _, before = await look(one, [], cloud=status)
    assert status.asked == []
    assert isinstance(before, NotYet)
    _, waiting = await look(one, [tried("applied")], cloud=status)
    assert waiting == NotYet(because="sent; its status is running", look_again_s=10.0)
    _, done = await look(one, [tried("applied", detail="status 202")], cloud=status)
    assert done == Proven(because="status 202; its status is ok")
    asked = status.asked[0]
    assert (asked.url, asked.field, asked.wanted) == ("https://hooks.test/jobs/7", "job.state", "ok")
    assert asked.bearer_from == "TOKEN"
