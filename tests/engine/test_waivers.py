"""The proof of seats is waived by somebody else than whoever began the run (safety 4.6)."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.engine.orders import Orders
from avd_failover.engine.stop import StopSignal
from avd_failover.engine.waivers import unwaived
from avd_failover.journal.events import RunPinned
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.writer import JournalWriter
from tests.journal.builders import RUN, T0, TickingClock, make_pinned, make_state

STEPS = (
    Step(id="seats", uses="capacity.prove", side=End.TARGET),
    Step(id="tell", uses="notify.users", side=End.SOURCE),
)


def pinned(approvers: int = 2) -> RunPinned:
    whole = make_pinned(steps=STEPS)
    plan = whole.route.plan
    plan = replace(plan, policies=replace(plan.policies, approvers=approvers))
    return replace(whole, initiator="Duty Admin", route=replace(whole.route, plan=plan))


CASES: list[tuple[str, str, str, int, bool]] = [
    ("whoever began the run", "seats", "duty  admin", 2, False),
    ("somebody else", "seats", "Ann", 2, True),
    ("whoever began it, where one person is enough", "seats", "Duty Admin", 1, True),
    ("whoever began it, of another step", "tell", "Duty Admin", 2, True),
]


@pytest.mark.parametrize(
    ("step", "by", "approvers", "counts"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_whose_skip_counts(step: str, by: str, approvers: int, *, counts: bool) -> None:
    why = unwaived(make_state([pinned(approvers)]), step, by)
    assert (why == "") is counts
    assert counts or "somebody else must say" in why


@pytest.mark.parametrize(
    ("step", "by", "approvers", "counts"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_a_skip_that_does_not_count_is_on_record_and_skips_nothing(
    step: str, by: str, approvers: int, *, counts: bool
) -> None:
    store, skipped = MemoryStore(RUN), list[Any]()
    journal = JournalWriter.create(store, TickingClock(), pinned(approvers))
    store.append_request(T0, "skip", json.dumps({"by": by, "step": step, "reason": "hurry"}))
    Orders(store, journal, StopSignal(), lambda *said: skipped.append(said[0])).take_up()
    assert skipped == ([step] if counts else [])
    assert [said.by for said in journal.state.said] == [by]
