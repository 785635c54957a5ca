"""What people were asked and said: gates with the command that answers them, the fence, evidence, items.

Who counts is judged by the rules that the steps themselves use, as of the journal's last entry.
"""

from collections.abc import Iterator
from datetime import datetime

from avd_failover.domain.approvals import Approval, Granted, Rejected, Rule, Waiting, judge
from avd_failover.domain.graph import Step
from avd_failover.domain.item_request import ItemRequest
from avd_failover.domain.plan import Mode
from avd_failover.domain.states import StepStatus
from avd_failover.journal.state import RunState, StepState
from avd_failover.operations.gates import rule_of
from avd_failover.report.chapters import Fence, Gate, Item, Word

ITEM = "item "
"""Facts of a step about one of its things begin so."""


def gates(state: RunState, now: datetime | None = None) -> tuple[Gate, ...]:
    """Return every step that people were heard about, or that waits for them."""
    return tuple(
        _gate(step, rule, state, now or state.last_at)
        for step in state.steps.values()
        if (rule := _rule(step.step, state)) is not None and _speaks(step, state)
    )


def fence(state: RunState) -> Fence | None:
    """Return the fence record, as the step that took people's word wrote it; None where none was declared."""
    for step in state.steps.values():
        if step.facts.get("proof") == "fence":
            return _fence(step)
    return None


def items(state: RunState) -> tuple[Item, ...]:
    """Return the things that facts or requests of a step speak of, in the order of its facts."""
    return tuple(one for step in state.steps.values() for one in _items(step, state))


def _rule(step: Step, state: RunState) -> Rule | None:
    """Return whose word a step waits for; None for one that asks nobody."""
    policies = state.pinned.route.plan.policies
    if step.uses == "barrier":
        dark = state.route.mode is Mode.UNPLANNED
        return Rule(count=policies.approvers, two_person=policies.approvers > 1) if dark else None
    return rule_of(step.settings) if step.uses in {"gate", "drill.hold"} or _heard(step, state) else None


def _heard(step: Step, state: RunState) -> bool:
    return step.id in state.approvals


def _speaks(step: StepState, state: RunState) -> bool:
    """Whether there is anything to tell: somebody spoke, or the step stands and waits for people."""
    waits = step.status in {StepStatus.RUNNING, StepStatus.HELD}
    return _heard(step.step, state) or (waits and (step.step.uses != "barrier" or _asks(step)))


def _asks(step: StepState) -> bool:
    return "failover approve" in step.because


def _gate(step: StepState, rule: Rule, state: RunState, now: datetime) -> Gate:
    said = state.approvals.get(step.step.id, [])
    judged = judge(said, rule, state.pinned.initiator, now)
    counting = _counting(said, rule, state, now)
    open_ = not step.status.ended and not state.status.final
    lacking = judged.lacking if isinstance(judged, Waiting) else 0
    flag = " --evidence FILE" if rule.evidence else ""
    return Gate(
        step=step.step.id,
        state=step.status.value,
        needed=rule.count,
        lacking=0 if step.status.ended else lacking,
        said=tuple(_word(one, counting) for one in said),
        ignored=judged.ignored if isinstance(judged, Waiting) else (),
        command=f"failover approve {state.run} {step.step.id} --by NAME{flag}" if open_ and lacking else None,
    )


def _counting(said: list[Approval], rule: Rule, state: RunState, now: datetime) -> list[Approval]:
    """Return what counts: each word is judged alone, as if one were enough, and only a last word stands."""
    alone = Rule(
        who=rule.who, two_person=rule.two_person, evidence=rule.evidence, expires_s=rule.expires_s, count=1
    )
    judged = [(one, judge([one], alone, state.pinned.initiator, now)) for one in said]
    return [one for one, verdict in judged if isinstance(verdict, Granted | Rejected)]


def _word(said: Approval, counting: list[Approval]) -> Word:
    return Word(
        by=said.by,
        at=said.at,
        verdict=said.verdict,
        reason=said.reason,
        evidence_name=said.evidence_name,
        evidence_sha256=said.evidence_sha256,
        counts=said in counting,
    )


def _fence(step: StepState) -> Fence:
    facts = {name: str(value) for name, value in step.facts.items()}
    return Fence(
        step=step.step.id,
        declared_at=step.finished_at,
        by=tuple(one for one in facts.get("approvers", "").split(", ") if one),
        evidence=facts.get("evidence", "not recorded"),
        unanswered=tuple(one for one in facts.get("unanswered", "").split("; ") if one),
        hosts_not_proven=facts.get("hosts_not_proven", "not recorded"),
        ways_in_unread=facts.get("ways_in_unread", "not recorded"),
        expires=facts.get("expires", "not recorded"),
    )


def _items(step: StepState, state: RunState) -> Iterator[Item]:
    asked = {one.item: one for one in state.item_requests.get(step.step.id, [])}
    told = {
        name.removeprefix(ITEM): str(value) for name, value in step.facts.items() if name.startswith(ITEM)
    }
    for name in dict.fromkeys([*told, *asked]):
        stands = told.get(name, step.status.value)
        yield Item(step=step.step.id, item=name, state=stands, asked=_asked(asked.get(name)))


def _asked(request: ItemRequest | None) -> str:
    if request is None:
        return ""
    what = f"{request.kind} {request.value}".strip()
    return f"{what} by {request.by}" + (f": {request.reason}" if request.reason else "")
