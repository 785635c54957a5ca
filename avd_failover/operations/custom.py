"""Steps of the runbook's author: a program that is run, an address that is called.

Nothing can be read that tells whether a program ran. So what the journal knows of its attempts is all there
is, and the author says which of two kinds it is. ``idempotent: true`` may be sent again whenever its outcome
is not known. ``idempotent: false`` is sent once; after an attempt that ended without success, or whose end
nobody knows, the step stops for a person, who lets it be sent again or skips it.
"""

import uuid
from collections.abc import Sequence
from typing import ClassVar

import msgspec
from msgspec import Struct

from avd_failover.cloud import Answered, Question, Reads
from avd_failover.domain.actions import Action, CallWebhook, Moves, RunCommand
from avd_failover.domain.addresses import beside
from avd_failover.domain.approvals import Granted, Rule, judge
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec, SettingSpec
from avd_failover.operations.base import (
    AfterRefusal,
    Base,
    Bound,
    Memory,
    NotYet,
    Proven,
    Stuck,
    Tried,
    Verdict,
)
from avd_failover.operations.filling import text_of, texts_of

COMMAND_S, WEBHOOK_S = 60.0, 30.0
"""Seconds that a program and an address get where the step says nothing."""

DOUBT_S, PATIENCE_S = 2.0, 60.0
"""Wait after an unknown outcome: the first one, doubled each time, up to the second."""

STATUS_EVERY_S = 10.0

_KEYS = uuid.UUID("0f6c1f6e-2c43-5d1c-9a53-6e2b9d3c7a10")
"""Space of idempotency keys; chosen once, never to be changed."""

_IDEMPOTENT = SettingSpec(
    kind="flag",
    summary="true if it may be sent again when nobody knows whether it took effect",
    required=True,
)


class CustomSeen(Struct, frozen=True, kw_only=True):
    """What became of the step's attempts, transient ones left out."""

    tries: tuple[Tried, ...]
    allowed: bool
    """Whether a person let it be sent again since the last attempt."""
    wait_s: float = 0.0
    answered: Answered | None = None

    @property
    def done(self) -> bool:
        """Whether an attempt succeeded."""
        return any(one.ended == "applied" for one in self.tries)


class _Custom(Base):
    """What both kinds share: when to send, when to send again, and when to ask a person."""

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        self._idempotent = bound.step.settings.get("idempotent") is True
        self._question: Question | None = None

    async def observe(self, cloud: Reads, memory: Memory) -> CustomSeen:
        """Look at the journal; once it was sent, also at the status address, where there is one."""
        tries = tuple(one for one in memory.tried(self.bound.step.id) if one.ended != "transient")
        seen = CustomSeen(
            tries=tries, allowed=self._allowed(tries, memory), wait_s=self._doubt_s(tries, memory)
        )
        if not seen.done or self._question is None:
            return seen
        return msgspec.structs.replace(seen, answered=await cloud.outside.ask(self._question))

    def plan(self, seen: CustomSeen) -> Moves:
        """Send it where that is safe, or a person said so. What was left open stays so: nothing can tell."""
        if seen.done:
            return Moves(whole=self._idempotent)
        if seen.tries and not (self._idempotent or seen.allowed):
            return Moves(whole=False)
        actions = () if seen.wait_s else (self._action(seen.tries),)
        return Moves(actions=actions, whole=False)

    def prove(self, looks: Sequence[CustomSeen]) -> Verdict:
        """Hold when an attempt succeeded and the status, where one is asked for, is as wanted."""
        seen = looks[-1]
        if seen.done:
            return self._followed(seen)
        if not seen.tries:
            return NotYet(because="nothing was sent yet")
        if self._idempotent or seen.allowed:
            return NotYet(
                because=f"{seen.tries[-1].detail or 'outcome unknown'}; again soon", look_again_s=DOUBT_S
            )
        return Stuck(because=self._choices(seen.tries[-1]))

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Stop; where it may be sent only once, leave it to the proof to say what a person can do."""
        return AfterRefusal.STOP if self._idempotent else AfterRefusal.LEAVE

    def _action(self, tries: Sequence[Tried]) -> Action:
        raise NotImplementedError

    def _followed(self, seen: CustomSeen) -> Verdict:
        last = next(one for one in reversed(seen.tries) if one.ended == "applied")
        if seen.answered is None:
            return Proven(because=last.detail or "done")
        if seen.answered.matches:
            return Proven(because=f"{last.detail}; its status is {seen.answered.found}")
        return NotYet(because=f"sent; its status is {seen.answered.found}", look_again_s=STATUS_EVERY_S)

    def _allowed(self, tries: Sequence[Tried], memory: Memory) -> bool:
        if not tries:
            return False
        since = tries[-1].ended_at or tries[-1].at
        said = [one for one in memory.approvals(self.bound.step.id) if one.at > since]
        return isinstance(judge(said, Rule(), memory.initiator, memory.now_at), Granted)

    def _doubt_s(self, tries: Sequence[Tried], memory: Memory) -> float:
        """Return the seconds to wait before another attempt: longer with each unknown outcome in a row."""
        in_a_row = 0
        while in_a_row < len(tries) and tries[-1 - in_a_row].ended == "unknown":
            in_a_row += 1
        if not in_a_row or (ended_at := tries[-1].ended_at) is None:
            return 0.0
        wait_s = min(PATIENCE_S, DOUBT_S * 2.0 ** (in_a_row - 1))
        return max(0.0, wait_s - (memory.now_at - ended_at).total_seconds())

    def _choices(self, last: Tried) -> str:
        run, step = self.bound.run, self.bound.step.id
        told = last.detail or "its process died, and nobody knows whether it took effect"
        return (
            f"{last.target}: {told}. It is to be sent only once. Look whether it took effect; then send it"
            f" again: failover approve {run} {step} --by NAME, or go on without it: failover skip {run}"
            f" {step} --reason TEXT; then failover resume {run}"
        )


class Command(_Custom):
    """Run a program of this machine."""

    spec: ClassVar = OperationSpec(
        name="command",
        summary="Run a program: an argument list, no shell; exit code 0 is success.",
        settings={
            "argv": SettingSpec(
                kind="program",
                summary="the program, by absolute path, and its arguments",
                required=True,
                filled=True,
            ),
            "idempotent": _IDEMPOTENT,
            "environment": SettingSpec(kind="variables", summary="environment variables that it is given"),
            "timeout": SettingSpec(kind="duration", summary="how long it may take before it is killed (1m)"),
        },
        changes=("command.run",),
    )

    def _action(self, tries: Sequence[Tried]) -> Action:
        settings = self.bound.step.settings
        named = settings.get("environment", ())
        return RunCommand(
            step=self.bound.step.id,
            number=len(tries) + 1,
            argv=texts_of(self.bound, "argv"),
            environment=named if isinstance(named, tuple) else (),
            timeout_s=float(str(settings.get("timeout", COMMAND_S))),
            reason=self.bound.step.summary or "a step of the runbook",
        )


class Webhook(_Custom):
    """Post the step's particulars to an address, and wait for its status where there is one."""

    spec: ClassVar = OperationSpec(
        name="webhook",
        summary="Post JSON to an address; an answer 2xx is success. Can wait for a status afterwards.",
        settings={
            "url": SettingSpec(kind="url", summary="the address", required=True),
            "idempotent": _IDEMPOTENT,
            "bearer_from": SettingSpec(kind="variable", summary="environment variable with a bearer token"),
            "query_from": SettingSpec(kind="variable", summary="environment variable with the query"),
            "timeout": SettingSpec(kind="duration", summary="how long an answer may take (30s)"),
            "status_path": SettingSpec(kind="path", summary="path on the same host that tells the status"),
            "status_field": SettingSpec(kind="text", summary="field of its JSON, dots between keys (status)"),
            "status_value": SettingSpec(kind="text", summary="value that is waited for (done)"),
        },
        changes=("webhook.call",),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        if "status_path" in bound.step.settings:
            self._question = Question(
                url=beside(text_of(bound, "url"), text_of(bound, "status_path")),
                field=text_of(bound, "status_field") or "status",
                wanted=text_of(bound, "status_value") or "done",
                bearer_from=text_of(bound, "bearer_from"),
                query_from=text_of(bound, "query_from"),
                timeout_s=self._timeout_s,
            )

    @property
    def _timeout_s(self) -> float:
        return float(str(self.bound.step.settings.get("timeout", WEBHOOK_S)))

    def _action(self, tries: Sequence[Tried]) -> Action:
        bound = self.bound
        return CallWebhook(
            step=bound.step.id,
            number=len(tries) + 1,
            url=text_of(bound, "url"),
            body=_body(bound),
            key=_key(bound, tries),
            bearer_from=text_of(bound, "bearer_from"),
            query_from=text_of(bound, "query_from"),
            timeout_s=self._timeout_s,
            reason=bound.step.summary or "a step of the runbook",
        )


def _body(bound: Bound) -> str:
    told = {
        "run": bound.run,
        "plan": bound.route.plan.name,
        "step": bound.step.id,
        "direction": bound.route.direction,
        "mode": bound.route.mode.value,
    }
    return msgspec.json.encode(told).decode()


def _key(bound: Bound, tries: Sequence[Tried]) -> str:
    """Return a key that is new only after a refusal: what may have arrived keeps its key when sent again."""
    refused = sum(one.ended == "refused" for one in tries)
    return str(uuid.uuid5(_KEYS, f"{bound.run}/{bound.step.id}/{refused + 1}"))
