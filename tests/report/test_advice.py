"""What to type next: the command that helps in this very state, whoever was asleep a minute ago."""

import pytest
from msgspec.structs import replace

from avd_failover.domain.plan import Mode, Side
from avd_failover.domain.route import Purpose, Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.report.advice import advice, again
from avd_failover.report.status_text import status_text
from tests.report.builders import PLAN, RUN, Story, moved, pinned

ASKS = f"hosts not proven empty; 2 more persons must declare it: failover approve {RUN} barrier --by NAME"
SILENT = "no answer for 583 s: 503 ServiceUnavailable"


def stopped(because: str, status: StepStatus = StepStatus.HELD, *, mode: Mode = Mode.PLANNED) -> Story:
    story = Story(route=replace(pinned().route, mode=mode)).begin("readiness")
    return story.end("readiness", because, status).close(RunStatus.HELD, because)


@pytest.mark.parametrize(
    ("story", "first"),
    [
        (stopped(SILENT), f"failover unplanned {RUN} --reason WHY"),
        (stopped("the source does not answer"), f"failover unplanned {RUN} --reason WHY"),
        (stopped(SILENT, mode=Mode.UNPLANNED), f"failover resume {RUN}"),
        (stopped(ASKS, mode=Mode.UNPLANNED), f"failover approve {RUN} readiness --by NAME --reason WHY"),
        (stopped("3 of 9 sessions are left"), f"failover resume {RUN}"),
        (stopped(SILENT, StepStatus.DONE), f"failover resume {RUN}"),
        (moved(Story()), f"failover report {RUN}"),
    ],
)
def test_the_first_command_is_the_one_that_helps(story: Story, first: str) -> None:
    assert advice(story.state)[0].split("    ")[0] == first


def test_what_is_owed_is_settled_before_anything_is_read() -> None:
    story = Story().begin("readiness").end("readiness", SILENT, StepStatus.DEBT)
    told = advice(story.close(RunStatus.COMPLETED, "every step ended").state)
    assert told[0].startswith(f"failover settle --plan {PLAN.name}")


@pytest.mark.parametrize("stands", list(RunStatus))
def test_however_a_run_stands_there_is_a_command_and_it_is_on_the_screen(stands: RunStatus) -> None:
    state = stopped("whatever").state
    told = advice(state, stands)
    assert told
    assert all(line.startswith("failover ") for line in told)


def test_a_killed_run_is_resumed_although_its_journal_says_running() -> None:
    state = Story().begin("readiness").state
    assert f"next:   failover resume {RUN}" in status_text(state, state.last_at, alive=False)
    assert f"next:   failover watch {RUN}" in status_text(state, state.last_at, alive=True)


def test_whose_approval_is_missing_is_on_the_status_screen_too() -> None:
    state = stopped(ASKS, mode=Mode.UNPLANNED).state
    screen = status_text(state, state.last_at, alive=False)
    assert f"next:   failover approve {RUN} readiness --by NAME" in screen
    assert f"        failover resume {RUN}" in screen


ROUTE = pinned().route


@pytest.mark.parametrize(
    ("route", "command"),
    [
        (ROUTE, "failover --plan {plan}"),
        (replace(ROUTE, mode=Mode.UNPLANNED), "failover --plan {plan} --mode unplanned"),
        (replace(ROUTE, groups=("GRP1", "GRP2")), "failover --plan {plan} --groups GRP1,GRP2"),
        (replace(ROUTE, app_groups=("DAG1",)), "failover --plan {plan} --app-groups DAG1"),
        (replace(ROUTE, purpose=Purpose.FAILBACK, leaving=Side.SECONDARY), "failover back --plan {plan}"),
        (replace(ROUTE, purpose=Purpose.DRILL, test=True), "failover drill --plan {plan}"),
        (replace(ROUTE, purpose=Purpose.SETTLE), "failover settle --plan {plan}"),
        (replace(ROUTE, purpose=Purpose.UPKEEP), "failover run host-keepalive --plan {plan}"),
    ],
)
def test_the_same_run_is_asked_for_again_by_its_own_command(route: Route, command: str) -> None:
    assert again(route, "host-keepalive") == command.format(plan=PLAN.name)
