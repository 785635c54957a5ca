"""The n-th operation fails, for every n: the run ends, or rests with a reason until that is mended."""

import os

import pytest

from avd_failover.domain.states import RunStatus
from tests.crash import nth
from tests.crash.nth import TROUBLES, Loss, Trouble, for_good, journal_fails, mutates, once, routes

NAME = "small"
EXHAUSTIVE = "CRASH_EXHAUSTIVE" in os.environ
ROUTES = routes(NAME)


def places(trouble: Trouble) -> list[int]:
    """Return every mutation, and of the reads the first and the last of each name; the soak takes all."""
    reads: dict[str, list[int]] = {}
    for n, route in enumerate(ROUTES, 1):
        reads.setdefault(route, []).append(n)
    kept = {
        n
        for route, ns in reads.items()
        if not mutates(route)
        for n in (ns if EXHAUSTIVE else (ns[0], ns[-1]))
    }
    every = [n for n, route in enumerate(ROUTES, 1) if mutates(route)]
    return sorted({*every, *(kept if trouble.reads else ())})


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name)
def test_a_request_that_fails_once_never_spoils_the_run(trouble: Trouble) -> None:
    wrong = {n: found for n in places(trouble) if (found := once(NAME, n, trouble))}
    assert wrong == {}


@pytest.mark.parametrize("loss", Loss, ids=lambda loss: loss.value)
def test_a_journal_that_fails_at_any_append_stops_every_request_and_the_run_can_go_on(loss: Loss) -> None:
    commits = nth.commits(NAME)
    wrong = {n: found for n in range(1, commits + 1) if (found := journal_fails(NAME, n, loss))}
    assert wrong == {}


@pytest.mark.parametrize("route", sorted(set(ROUTES)))
def test_a_request_that_fails_for_good_holds_the_run_with_a_reason_until_it_is_mended(route: str) -> None:
    fitting = [trouble for trouble in TROUBLES if trouble.reads or mutates(route)]
    ends = {}
    for trouble in fitting:
        ends[trouble.name], wrong = for_good(NAME, route, trouble)
        assert wrong == [], trouble.name
    assert RunStatus.INTERRUPTED not in ends.values(), ends
