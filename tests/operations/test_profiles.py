"""Whether profiles are whole where users return to: the plan's word, or a person's, and nobody's silence."""

import asyncio
from typing import Any

import pytest

from avd_failover.domain.actions import Moves
from avd_failover.domain.plan import Profiles, Side
from avd_failover.operations.base import Blocked, NotYet, Proven, Verdict
from avd_failover.operations.registry import CATALOGUE
from tests.operations.darkness import says
from tests.operations.drive import bound_operation
from tests.operations.places import make_route
from tests.operations.staging import STEP, Stage


def home(**profiles: Any) -> Stage:
    stage = Stage(make_route(leaving=Side.SECONDARY, profiles=Profiles(**profiles)))
    stage.at(20_000.0)
    return stage


def asked(stage: Stage) -> Verdict:
    operation = bound_operation(stage, "profiles.confirm")
    seen: Any = asyncio.run(operation.observe(stage.estate, stage.memory))
    assert operation.plan(seen) == Moves()
    return operation.prove((seen,))


def test_the_plan_s_word_is_enough_and_is_told() -> None:
    assert asked(home(mirrored=True, because="Cloud Cache writes to both regions")) == Proven(
        because="the plan relies on it: Cloud Cache writes to both regions", idle=True
    )


def test_without_it_somebody_must_look_and_is_told_where_and_what_to_type() -> None:
    assert asked(home()) == NotYet(
        because="somebody must confirm that profiles are whole in weu:"
        f" failover approve run-1 {STEP} --by NAME --reason WHAT-WAS-SEEN",
        look_again_s=5.0,
    )


WORDS: list[tuple[list[dict[str, Any]], type, str]] = [
    ([{"by": "Ann", "reason": "saw both shares"}], Proven, "confirmed by Ann: saw both shares"),
    ([{"by": "Ann"}], Proven, "confirmed by Ann: looked"),
    ([{"by": "duty admin"}], Proven, "confirmed by duty admin: looked"),
    ([{"by": "Ann", "evidence_sha256": "ab" * 32}], Proven, f"evidence {'ab' * 32}"),
    ([{"by": "Ann"}, {"by": "Ben", "reason": "seen too"}], Proven, "confirmed by Ann"),
    ([{"by": "Ann", "ago_s": 4 * 3600.0 + 1}], NotYet, "somebody must confirm"),
    ([{"by": "Ann", "ago_s": -120.0}], NotYet, "somebody must confirm"),
    ([{"by": "Ann", "verdict": "reject"}], Blocked, "Ann says no: profiles are not whole"),
    ([{"by": "Ann"}, {"by": "Ben", "verdict": "reject", "reason": "half"}], Blocked, "Ben says no: half"),
    ([{"by": "Ann", "verdict": "reject", "ago_s": 90.0}, {"by": "Ann"}], Proven, "confirmed by Ann"),
]


@pytest.mark.parametrize(("words", "kind", "because"), WORDS)
def test_what_people_say_decides(words, kind, because) -> None:
    stage = home()
    for word in words:
        says(stage, **word)
    verdict = asked(stage)
    assert isinstance(verdict, kind)
    assert because in verdict.because


def test_a_no_names_what_it_is_about() -> None:
    stage = home()
    says(stage, "Ann", "reject")
    verdict = asked(stage)
    assert isinstance(verdict, Blocked)
    assert [finding.code for finding in verdict.findings] == ["profiles-unconfirmed"]


def test_it_asks_azure_nothing_since_azure_knows_nothing_of_it() -> None:
    stage = home()
    asked(stage)
    assert stage.script.asked == []


def test_nobody_may_skip_it() -> None:
    assert CATALOGUE["profiles.confirm"].essential
