"""One screen at three in the morning: what happened, what is safe, what to type next."""

from datetime import timedelta

import pytest

from avd_failover.domain.findings import Finding
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import ActionEnded, Event, Outcome, RunEnded, StepEnded, StepWaiting
from avd_failover.report.status_text import status_text
from tests.journal.builders import (
    RUN,
    T0,
    applied,
    began,
    done,
    intended,
    make_pinned,
    make_state,
    revoke,
    whole_run,
)


def text(events: list[Event], *, alive: bool = False) -> str:
    return status_text(make_state(events), T0 + timedelta(minutes=5), alive=alive)


CUT = whole_run()[:7]
HELD: list[Event] = [
    make_pinned(),
    began("readiness"),
    StepEnded(step="readiness", status=StepStatus.HELD, because="3 of 10 seats"),
    RunEnded(
        status=RunStatus.HELD,
        because="the target cannot take everybody",
        findings=tuple(Finding(code=f"F{n}", subject="hp-ne", detail="short") for n in range(8)),
    ),
]

SAID: dict[str, tuple[list[Event], bool, list[str]]] = {
    "completed": (
        whole_run(),
        False,
        [
            "COMPLETED since 2026-03-02 02:56:50 UTC: every step ended",
            "recovered after 1 min 40 s, without access for 40 s at most",
            "1 assignment removed on the source (westeurope), 1 created on the target (northeurope)",
            f"next:   failover report {RUN}",
        ],
    ),
    "killed between revoke and grant": (
        CUT,
        False,
        [
            "INTERRUPTED since 2026-03-02 02:56:00 UTC: its process (4711 on laptop) ended without a word",
            "users wait for access until the run goes on",
            "typing it twice does no harm",
            f"next:   failover resume {RUN}",
        ],
    ),
    "killed with a request under way": (
        CUT[:5],
        False,
        [
            "0/1 (1 unknown)",
            "1 request sent without a known answer; resume reads Azure before it sends anything",
        ],
    ),
    "an answer lost": (
        [*CUT[:5], ActionEnded(n=1, outcome=Outcome.UNKNOWN)],
        True,
        ["1 request sent without a known answer", f"next:   failover watch {RUN}"],
    ),
    "held before anything": (
        HELD,
        False,
        [
            "HELD",
            "the target cannot take everybody",
            "!! readiness",
            "3 of 10 seats",
            "found:  F0 hp-ne: short",
            f"and 3 more: failover report {RUN}",
            "safe:   nothing was changed in Azure",
            f"next:   failover resume {RUN}    once the cause above is settled",
        ],
    ),
    "refused": (
        [make_pinned(), RunEnded(status=RunStatus.REFUSED, because="a user spans both sides")],
        False,
        [
            "REFUSED",
            "a user spans both sides",
            "nothing was changed",
            "next:   failover --plan pooled-eu --dry-run",
        ],
    ),
    "failed": (
        [*CUT, RunEnded(status=RunStatus.FAILED, because="not proven in time")],
        False,
        [
            "FAILED",
            "not proven in time",
            f"next:   failover resume {RUN}    once the cause above is mended",
        ],
    ),
    "waiting": (
        [
            make_pinned(),
            began("readiness"),
            StepWaiting(step="readiness", because="hosts register", until=T0 + timedelta(minutes=8)),
        ],
        True,
        ["RUNNING since 2026-03-02 02:55:00 UTC", "-> readiness", "hosts register (at most 3 min more)"],
    ),
    "waiting longer than it said": (
        [
            make_pinned(),
            began("readiness"),
            StepWaiting(step="readiness", because="hosts register", until=T0),
        ],
        True,
        ["hosts register (at most 0 s more)"],
    ),
}


@pytest.mark.parametrize(("events", "alive", "parts"), SAID.values(), ids=SAID.keys())
def test_the_screen_says_what_happened_what_is_safe_and_what_is_next(
    events: list[Event], alive: bool, parts: list[str]
) -> None:
    screen = text(events, alive=alive)
    for part in parts:
        assert part in screen
    assert screen.splitlines()[-1].startswith("next:   failover ")
    assert len(screen.splitlines()) <= 24


def test_a_run_that_changed_nothing_does_not_speak_of_access() -> None:
    assert "access:" not in text(HELD)


def test_a_driven_run_is_not_called_at_rest() -> None:
    assert "nothing is under way" not in text(CUT, alive=True)


@pytest.mark.parametrize("name", SAID)
def test_every_line_of_a_simulated_run_says_so(name: str) -> None:
    events, alive, _ = SAID[name]
    screen = text([make_pinned(simulated="region-dark"), *events[1:]], alive=alive)
    assert all(line.startswith("SIMULATED") for line in screen.splitlines())
    assert "SIMULATED" not in text(events, alive=alive)


def test_what_the_cloud_says_cannot_act_on_the_terminal() -> None:
    hostile = "\x1b[2J\nnext:   failover --plan evil\u202e"
    screen = text([*CUT[:2], done("readiness", hostile), RunEnded(status=RunStatus.HELD, because=hostile)])
    assert "\x1b" not in screen
    assert "\u202e" not in screen
    assert sum(line.startswith("next:") for line in screen.splitlines()) == 1


def test_applied_actions_are_shown_against_planned_ones() -> None:
    events = [*CUT[:5], intended("revoke-source", 2, revoke(2)), applied(1)]
    assert "-> revoke-source            running  1/2" in text(events, alive=True)
