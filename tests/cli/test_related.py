"""Which other runs a report learns from: those of its pair that can be read, and only where it helps."""

import json

import pytest
from msgspec.structs import replace

from avd_failover.cli.exits import ExitCode
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Event, RunEnded, RunPinned, StepEnded
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, began, whole_run
from tests.journal.files import meddle

SETTLING = "pooled-eu-20260302-060000-5e77"
"""Run that pays."""


def owing() -> list[Event]:
    """A run whose last step is owed."""
    events = whole_run()[:-1]
    last = max(n for n, event in enumerate(events) if isinstance(event, StepEnded))
    unpaid = StepEnded(step="grant-target", status=StepStatus.DEBT, because="dark")
    return [*events[:last], unpaid, RunEnded(status=RunStatus.COMPLETED, because="every step ended")]


def settling(status: RunStatus = RunStatus.COMPLETED, **pinned: str) -> list[Event]:
    """A run that was to pay what the first one owes."""
    first = whole_run(SETTLING)[0]
    assert isinstance(first, RunPinned)
    route = replace(first.route, purpose=Purpose.SETTLE)
    first = replace(first, route=route, follows=(RUN,), **pinned)
    return [first, began("readiness"), RunEnded(status=status, because="x")]


def owed(shell: Shell) -> list[dict[str, str | None]]:
    assert shell.type("report", RUN, "--output", "json") == ExitCode.DONE
    found: list[dict[str, str | None]] = json.loads(shell.out)["owed"]
    return found


def test_a_debt_is_told_with_the_run_that_paid_it(shell: Shell) -> None:
    shell.record(RUN, owing())
    shell.record(SETTLING, settling())
    (one,) = owed(shell)
    assert (one["step"], one["paid_by"], one["settle"]) == ("grant-target", SETTLING, None)


def test_a_settling_tells_the_debts_of_the_run_that_it_pays_for(shell: Shell) -> None:
    shell.record(RUN, owing())
    shell.record(SETTLING, settling())
    shell.type("report", SETTLING, "--output", "json")
    (one,) = json.loads(shell.out)["settled"]
    assert (one["run"], one["step"], one["because"], one["paid"]) == (RUN, "grant-target", "dark", True)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(settling(RunStatus.HELD), id="held"),
        pytest.param(settling(simulated="elsewhere"), id="of another world"),
    ],
)
def test_a_run_that_did_not_pay_here_has_not_paid(shell: Shell, events: list[Event]) -> None:
    shell.record(RUN, owing())
    shell.record(SETTLING, events)
    (one,) = owed(shell)
    assert (one["paid_by"], one["settle"]) == (None, "failover settle --plan pooled-eu")


def test_a_damaged_journal_of_another_run_keeps_nobody_from_this_report(shell: Shell) -> None:
    shell.record(RUN, owing())
    path = shell.record(SETTLING, settling())
    meddle(path, "UPDATE events SET line=x'7b7d' WHERE seq=2")
    (one,) = owed(shell)
    assert one["paid_by"] is None
