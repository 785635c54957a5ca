"""Readiness when the source may be dark: what is taken from the plan, and what is refused all the same."""

import pytest

from avd_failover.domain.faults import RefusedError, TransientError
from avd_failover.domain.plan import Mode
from avd_failover.operations.base import Blocked, Moot, NotYet, Proven, Verdict
from avd_failover.operations.dark import ASK_AGAIN_S
from tests.operations.darkness import Watcher, darken, lighten, unplanned
from tests.operations.staging import Stage

READINESS = "checks.readiness"
DOWN = ("host weu-1 Unavailable running", "host weu-2 NoHeartbeat running")


def after_looks(stage: Stage, looks: int = 2) -> Verdict:
    watcher = Watcher(stage, READINESS)
    return [watcher.look() for _ in range(looks)][-1]


def proven(verdict: Verdict) -> Proven:
    assert isinstance(verdict, Proven), verdict
    return verdict


def codes(verdict: Verdict) -> list[str]:
    assert isinstance(verdict, Blocked), verdict
    return [finding.code for finding in verdict.findings]


def test_a_dark_source_is_asked_twice_before_it_is_taken_for_dark() -> None:
    watcher = Watcher(darken(unplanned()), READINESS)
    first = watcher.look()
    assert isinstance(first, NotYet)
    assert (first.look_again_s, ASK_AGAIN_S) == (30.0, 30.0)
    assert "the source does not answer" in first.because
    proven(watcher.look())


def test_what_a_dark_source_did_not_say_is_taken_from_the_plan_and_said_to_be_so() -> None:
    verdict = proven(after_looks(darken(unplanned())))
    assert verdict.facts["pairs"] == 5
    silent = str(verdict.facts["source_silent"])
    for what in ("host pool: 503", "application groups: 503", "session hosts: 503"):
        assert what in silent
    assert "the source is taken as the plan has it" in verdict.because
    assert "forced" not in verdict.facts


def test_an_answer_in_between_starts_anew() -> None:
    stage = darken(unplanned(*DOWN))
    watcher = Watcher(stage, READINESS)
    watcher.look()
    lighten(stage)
    assert "source_silent" not in proven(watcher.look()).facts
    darken(stage)
    assert isinstance(watcher.look(), NotYet)


@pytest.mark.parametrize("question", ["pool hp-weu", "application groups hp-weu", "hosts hp-weu"])
def test_a_source_that_answers_in_part_is_silent_in_part(question: str) -> None:
    verdict = proven(after_looks(darken(unplanned(), question)))
    assert str(verdict.facts["source_silent"]).count("503") == 1


def test_a_healthy_source_is_not_left_as_if_it_were_dark() -> None:
    verdict = after_looks(unplanned(), 1)
    assert codes(verdict) == ["source-healthy"]
    assert isinstance(verdict, Blocked)
    assert "hp-weu answers, 2 of its hosts report Available" in verdict.because
    assert "--force" in verdict.because


def test_one_available_host_is_enough_to_be_healthy() -> None:
    assert codes(after_looks(unplanned(DOWN[0]), 1)) == ["source-healthy"]


def test_a_source_that_answers_while_all_its_hosts_are_down_may_be_left() -> None:
    verdict = proven(after_looks(unplanned(*DOWN), 1))
    assert "source_silent" not in verdict.facts


def test_a_person_s_reason_leaves_a_healthy_source_and_is_on_record() -> None:
    verdict = proven(after_looks(unplanned(forced="a flood is an hour away"), 1))
    assert verdict.facts["forced"] == "a flood is an hour away"
    assert verdict.because.endswith("; left as dark: a flood is an hour away")


def test_a_reason_does_not_stand_for_the_second_look_at_a_dark_source() -> None:
    watcher = Watcher(darken(unplanned(forced="a flood")), READINESS)
    assert isinstance(watcher.look(), NotYet)
    facts = proven(watcher.look()).facts
    assert {"forced", "source_silent"} <= set(facts)


STILL_REFUSED: list[tuple[str, tuple[str, ...], str]] = [
    ("another way in", ("extra wildcard to group 1 at subscription",), "shadow-access"),
    ("a pair on neither side", ("revoke GRP3 on LAB at source",), "placement-mixed"),
    ("a pair on both sides", ("assign GRP1 on DAG at target",), "placement-mixed"),
    ("no seats", tuple(f"host neu-{n} gone" for n in (1, 2, 3)), "capacity-short"),
    ("no room for assignments", ("others 3999",), "assignment-limit"),
]


@pytest.mark.parametrize("forced", ["", "a flood"])
@pytest.mark.parametrize(("lines", "code"), [r[1:] for r in STILL_REFUSED], ids=[r[0] for r in STILL_REFUSED])
def test_darkness_excuses_nothing_that_can_be_read_elsewhere(lines, code, forced) -> None:
    stage = darken(unplanned(*lines, forced=forced))
    assert code in codes(after_looks(stage))


def test_a_dark_source_that_nobody_is_on_any_more_is_nothing_to_do() -> None:
    stage = darken(unplanned("assign nobody", "assign all at target"))
    assert isinstance(after_looks(stage), Moot)


FORBIDDEN = RefusedError("no right to read", code="AuthorizationFailed", status=403)


@pytest.mark.parametrize("question", ["pool hp-weu", "application groups hp-weu", "hosts hp-weu"])
def test_what_the_source_refuses_is_an_answer_and_no_silence(question: str) -> None:
    with pytest.raises(RefusedError):
        after_looks(darken(unplanned(), question, fault=FORBIDDEN), 1)


@pytest.mark.parametrize("question", ["pool hp-neu", "hosts hp-neu", "application groups hp-neu"])
def test_the_target_s_silence_is_nobody_s_to_excuse(question: str) -> None:
    stage = darken(darken(unplanned()), question)
    with pytest.raises(TransientError):
        after_looks(stage, 1)


def test_assignments_that_were_not_read_whole_are_not_taken_from_the_plan() -> None:
    stage = darken(unplanned())
    stage.script.gaps["assignments dag-weu"] = "page 2 did not come"
    verdict = after_looks(stage)
    assert isinstance(verdict, NotYet)
    assert "page 2 did not come" in verdict.because


def test_members_that_were_not_read_are_not_taken_from_the_plan() -> None:
    assert "group-unreadable" in codes(after_looks(darken(unplanned("members GRP1 forbidden"))))


def test_a_planned_run_takes_nothing_from_the_plan() -> None:
    with pytest.raises(TransientError):
        after_looks(darken(unplanned(mode=Mode.PLANNED)), 1)


def test_a_planned_run_of_a_healthy_source_begins() -> None:
    assert "forced" not in proven(after_looks(unplanned(mode=Mode.PLANNED), 1)).facts
