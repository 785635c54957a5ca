"""The time that belongs to the testers: told what to try, waited for, heard (contract 39, 149 to 154).

What they find is written down as they say it. Approving the step is a pass, rejecting it a fail; single
items of the checklist are told with ``failover choose RUN STEP --item ITEM --value pass|fail``. A fail does
not keep testers where they are: they are returned first, and ``drill.verdict`` tells the result in the end.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Action, Moves, TellUser
from avd_failover.domain.approvals import Granted, Judgement, Rejected, Rule, Waiting, judge
from avd_failover.domain.estate import UserSession
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec, Setting, SettingSpec
from avd_failover.domain.item_request import ItemRequest
from avd_failover.domain.plan import End
from avd_failover.domain.words import counted, listed
from avd_failover.operations.base import (
    AfterRefusal,
    Base,
    Bound,
    Memory,
    NotYet,
    Proven,
    Stuck,
    Verdict,
    in_order,
)
from avd_failover.operations.filling import text_of, texts_of
from avd_failover.operations.occupants import occupants

LOOK_S = 15.0
"""Seconds between two looks at who signed in; what people say is heard within the same time."""

PASS, FAIL, OPEN = "pass", "fail", "not told"


class HoldSeen(Struct, frozen=True, kw_only=True):
    """Testers at work, and what they said so far."""

    testers: tuple[UserSession, ...]
    """Sessions of testers on the target."""
    told: frozenset[str]
    """Sessions that were given the instructions."""
    judgement: Judgement
    items: dict[str, str]
    """Item of the checklist -> what was said of it last."""
    ends_at: datetime
    now: datetime


class Hold(Base):
    """Give the testers their time; whoever signs in is told what to do, once."""

    spec: ClassVar = OperationSpec(
        name="drill.hold",
        summary="Give testers time on this side, tell them what to try, and write down what they find.",
        ends=(End.TARGET,),
        settings={
            "hold": SettingSpec(kind="duration", summary="how long testers have", required=True),
            "title": SettingSpec(kind="text", summary="title of the message to testers", required=True),
            "instruction": SettingSpec(
                kind="text", summary="what testers are told to do", required=True, filled=True
            ),
            "checklist": SettingSpec(kind="texts", summary="what testers tell pass or fail of, item by item"),
            "who": SettingSpec(kind="texts", summary="names of those whose word counts; anybody without it"),
        },
        changes=("session.message",),
        choice=SettingSpec(kind="text", summary="what testers say of an item", choices=(PASS, FAIL)),
    )

    def __init__(self, bound: Bound) -> None:
        super().__init__(bound)
        who = bound.step.settings.get("who", ())
        self._rule = Rule(who=who if isinstance(who, tuple) else ())
        self._hold = timedelta(seconds=float(str(bound.step.settings["hold"])))
        self._checklist = texts_of(bound, "checklist")

    async def observe(self, cloud: Reads, memory: Memory) -> HoldSeen:
        """Read who of the testers is signed in, and what was said; an incomplete list does for that."""
        step, now = self.bound.step.id, memory.now_at
        sessions = await cloud.sessions.list(self.side.host_pool)
        there = await occupants(cloud, self.route, self.bound.end, sessions.items)
        return HoldSeen(
            testers=there.moved,
            told=memory.targets(step),
            judgement=judge(memory.approvals(step), self._rule, memory.initiator, now),
            items=_items(self._checklist, memory.requests(step)),
            ends_at=(memory.began_at(step) or now) + self._hold,
            now=now,
        )

    def plan(self, seen: HoldSeen) -> Moves:
        """Tell each tester's session once."""
        title, body = str(self.bound.step.settings["title"]), text_of(self.bound, "instruction")
        fresh = in_order(one for one in seen.testers if one.id not in seen.told)
        return Moves(
            actions=tuple(
                TellUser(session=one.id, user=one.user, title=title, body=body, reason="the drill is on")
                for one in fresh
            )
        )

    def prove(self, looks: Sequence[HoldSeen]) -> Verdict:
        """Hold when people said enough, or the time is over."""
        seen = looks[-1]
        left_s = (seen.ends_at - seen.now).total_seconds()
        if isinstance(seen.judgement, Waiting) and left_s > 0 and not self._all_told(seen):
            return NotYet(because=self._asked(seen), look_again_s=min(LOOK_S, left_s))
        return Proven(because=self._because(seen), facts=self._facts(seen))

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Go on when a message does not arrive: its session is gone, or is told in another way."""
        return AfterRefusal.LEAVE

    def _all_told(self, seen: HoldSeen) -> bool:
        return bool(seen.items) and OPEN not in seen.items.values()

    def _asked(self, seen: HoldSeen) -> str:
        run, step = self.bound.run, self.bound.step.id
        heard = [f"{item}: {said}" for item, said in seen.items.items() if said != OPEN]
        sofar = f" So far {listed(heard)}." if heard else ""
        items = f"; failover choose {run} {step} --item ITEM --value pass for one" if self._checklist else ""
        return (
            f"testers have {self.side.side.value} until {seen.ends_at:%H:%M:%S} UTC:"
            f" {text_of(self.bound, 'instruction')}{sofar}"
            f" Then: failover approve {run} {step} --by NAME (pass), with --reject (fail){items}"
        )

    def _because(self, seen: HoldSeen) -> str:
        match seen.judgement:
            case Granted(approvals=approvals):
                ended = f"{listed([one.by for one in approvals])} said pass"
            case Rejected(by=by):
                ended = f"{by} said fail"
            case _:
                ended = "everything was told" if self._all_told(seen) else "the time is over"
        return f"{ended}; {counted(len(seen.told), 'session')} of testers told what to do"

    def _facts(self, seen: HoldSeen) -> dict[str, Setting]:
        facts: dict[str, Setting] = {"result": _result(seen), "tester_sessions_told": len(seen.told)}
        facts |= {f"item {item}": said for item, said in seen.items.items()}
        match seen.judgement:
            case Granted(approvals=approvals):
                facts |= {"by": listed([one.by for one in approvals])}
                notes = "; ".join(one.reason for one in approvals if one.reason)
                return facts | ({"notes": notes} if notes else {})
            case Rejected(by=by, reason=reason):
                return facts | {"by": by} | ({"notes": reason} if reason else {})
        return facts


class TellResult(Base):
    """Tell the result in the end, when the testers are back and production is proven."""

    spec: ClassVar = OperationSpec(
        name="drill.verdict",
        summary="End the drill with what the testers found: failed if any of it failed.",
        settings={"hold": SettingSpec(kind="text", summary="step that heard the testers", required=True)},
    )

    async def observe(self, cloud: Reads, memory: Memory) -> dict[str, Setting]:
        """Read what the step that heard the testers ended with."""
        return dict(memory.facts(str(self.bound.step.settings["hold"])))

    def plan(self, seen: dict[str, Setting]) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[dict[str, Setting]]) -> Verdict:
        """Hold unless something failed."""
        seen = looks[-1]
        result = str(seen.get("result", OPEN))
        failed = [name.removeprefix("item ") for name, said in seen.items() if str(said).startswith(FAIL)]
        if result == FAIL:
            items = [name for name in failed if name != "result"]
            notes = f": {seen['notes']}" if seen.get("notes") else ""
            told = f" ({listed(items)})" if items else ""
            return Stuck(because=f"the testers' result is fail{told}{notes}")
        return Proven(because=f"the testers' result is {result}", facts={"result": result})


def _items(checklist: Sequence[str], requests: Sequence[ItemRequest]) -> dict[str, str]:
    said: dict[str, str] = dict.fromkeys(checklist, OPEN)
    for one in requests:
        if one.kind == "choose" and one.item in said and one.value in {PASS, FAIL}:
            notes = f": {one.reason}" if one.reason else ""
            said[one.item] = f"{one.value} by {one.by}{notes}"
    return said


def _result(seen: HoldSeen) -> str:
    """Return fail for any no, pass for a yes or for a whole checklist of passes, else that none was told."""
    if isinstance(seen.judgement, Rejected) or any(said.startswith(FAIL) for said in seen.items.values()):
        return FAIL
    whole = bool(seen.items) and all(said.startswith(PASS) for said in seen.items.values())
    return PASS if isinstance(seen.judgement, Granted) or whole else OPEN
