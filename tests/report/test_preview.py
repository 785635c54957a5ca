"""A dry run: every step says what it would change, leave alone and wait for; scripts get stable fields."""

import msgspec
import pytest
from msgspec.structs import replace

from avd_failover.domain.actions import Action, Moves, Skipped
from avd_failover.domain.findings import Finding
from avd_failover.domain.plan import Mode, Side, Way
from avd_failover.domain.route import Route
from avd_failover.engine.preview import Preview, StepPreview
from avd_failover.operations.base import Blocked, Moot, NotYet, Proven, Verdict
from avd_failover.report.preview import preview_data, preview_text
from tests.report.builders import PLAN, STEPS, drains, grants, host, log_offs, pinned, revokes, starts

BY_ID = {step.id: step for step in STEPS}


def one(
    step: str, verdict: Verdict | None, actions: list[Action] | None = None, skipped: tuple[Skipped, ...] = ()
) -> StepPreview:
    return StepPreview(
        step=BY_ID[step], moves=Moves(actions=tuple(actions or ()), skipped=skipped), verdict=verdict
    )


DRAINED = tuple(Skipped(target=host("neu", n), because="refuses new sessions already") for n in range(7, 13))
READY = one("readiness", Proven(because="all 14 checks hold", idle=True))
WHOLE = Preview(
    steps=(
        READY,
        one("target-hosts", NotYet(because="15 of 60 seats on 2 Available hosts"), starts()),
        one("drain-source", NotYet(because="6 of 12 hosts still take sessions"), drains(), DRAINED),
        one("revoke-source", None, revokes()),
        one("log-off-source", None, log_offs()),
        one("barrier", None),
        one("grant-target", None, grants()),
    )
)
SHADOW = Finding(
    code="SHADOW-PATH",
    subject=PLAN.application_groups[0].primary,
    detail="GRP9 reaches it\x1b[2J through rg-avd",
)
REFUSING = Preview(
    steps=(
        one("readiness", Blocked(because="1 finding stands against it", findings=(SHADOW,))),
        *WHOLE.steps[1:],
    )
)
MOOT = Preview(
    steps=(one("readiness", Moot(because="all 9 pairs are on secondary already")), *WHOLE.steps[1:])
)


def test_the_header_says_what_from_where_to_where_and_against_which_azure() -> None:
    lines = preview_text(WHOLE, pinned()).splitlines()
    assert lines[0] == "Failover of pooled-eu: primary (northeurope) -> secondary (westeurope)"
    assert lines[1] == "  mode planned, scope all, runbook pooled-failover"
    assert lines[2] == "  objectives: recovery within 30 min, data loss at most 0 s"
    assert lines[3] == "  Azure: https://management.azure.com and https://graph.microsoft.com"


def test_a_failback_of_a_cohort_says_so() -> None:
    route = Route(plan=PLAN, leaving=Side.SECONDARY, mode=Mode.UNPLANNED, groups=("GRP1", "GRP2"))
    lines = preview_text(WHOLE, pinned(route=route)).splitlines()
    assert lines[0] == "Failback of pooled-eu: secondary (westeurope) -> primary (northeurope)"
    assert "mode unplanned, scope groups GRP1, GRP2" in lines[1]


@pytest.mark.parametrize(
    "line",
    [
        "       + start vm-avd-weu-1",
        "       ~ refuse new sessions on avd-neu-1",
        "       - revoke GRP1 from DAG1 (northeurope)",
        "       - log off session 1 on avd-neu-2",
        "         and 41 more",
        "       + grant GRP1 on DAG1 (westeurope)",
        "       = left alone: avd-neu-7, avd-neu-8, avd-neu-9 and 3 more (refuses new sessions already)",
        "         holds already: all 14 checks hold",
        "         then proof within 20 min; now: 15 of 60 seats on 2 Available hosts",
        "         then proof within 30 min",
        "  3. drain-source             hosts.drain in northeurope (source), after readiness",
    ],
)
def test_a_step_says_what_it_would_change_leave_alone_and_wait_for(line: str) -> None:
    assert line in preview_text(WHOLE, pinned()).splitlines()


def test_the_total_counts_things_and_not_requests() -> None:
    assert preview_text(WHOLE, pinned()).splitlines()[-1] == (
        "In all: 9 assignments revoked and granted, 8 machines started, 6 hosts drained,"
        " 45 sessions logged off."
    )


def test_a_thing_that_two_steps_would_change_is_counted_once() -> None:
    twice = Preview(steps=(*WHOLE.steps, one("barrier", None, log_offs())))
    text = preview_text(twice, pinned())
    assert "45 sessions logged off." in text
    assert "         again, what is left by then of 45 from the steps before" in text.splitlines()
    assert text.count("log off session 1 on") == 1
    assert preview_data(twice, pinned())["changes"] == preview_data(WHOLE, pinned())["changes"]


def test_more_revokes_than_grants_are_told_apart() -> None:
    partly = Preview(steps=(one("revoke-source", None, revokes()), one("grant-target", None, grants()[:1])))
    assert "In all: 9 assignments revoked, 1 assignment granted." in preview_text(partly, pinned())


def test_an_interlock_is_told_last_with_its_findings_and_no_escape_codes() -> None:
    lines = preview_text(REFUSING, pinned()).splitlines()
    assert lines[-2] == "This run would be REFUSED, and nothing changed: 1 finding stands against it"
    assert lines[-1] == r"  SHADOW-PATH  DAG1 (northeurope): GRP9 reaches it\x1b[2J through rg-avd"
    assert "         REFUSES: 1 finding stands against it" in lines


def test_nothing_to_do_shows_no_change_at_all() -> None:
    text = preview_text(MOOT, pinned())
    assert text.splitlines()[-1] == "Nothing to do: all 9 pairs are on secondary already."
    assert "start vm" not in text
    data = preview_data(MOOT, pinned())
    assert data["nothing_to_do"] == "all 9 pairs are on secondary already"
    assert data["changes"] == 0
    assert all(step["actions"] == [] for step in data["steps"])


def test_a_world_as_wanted_is_nothing_to_do_but_one_that_waits_is_not() -> None:
    assert preview_data(Preview(steps=(READY,)), pinned())["nothing_to_do"] == "everything is as it is wanted"
    waiting = Preview(steps=(READY, one("barrier", NotYet(because="1 of 2 looks"))))
    assert preview_data(waiting, pinned())["nothing_to_do"] is None
    assert preview_text(waiting, pinned()).splitlines()[-1] == "In all: no changes."


def test_simulated_stands_on_every_line() -> None:
    for seen in (WHOLE, REFUSING, MOOT):
        lines = preview_text(seen, pinned(simulated="pooled-eu")).splitlines()
        assert all(line.startswith("SIMULATED") for line in lines)
        assert any("(simulated: pooled-eu)" in line for line in lines)


def test_scripts_get_stable_fields_with_whole_ids() -> None:
    data = preview_data(WHOLE, pinned(simulated="pooled-eu"))
    assert list(data) == [
        "plan",
        "direction",
        "mode",
        "scope",
        "simulated",
        "changes",
        "blocked",
        "nothing_to_do",
        "steps",
    ]
    assert (data["plan"], data["direction"], data["mode"]) == ("pooled-eu", "primary->secondary", "planned")
    assert (data["simulated"], data["changes"], data["blocked"]) == ("pooled-eu", 77, None)
    drain = data["steps"][2]
    assert list(drain) == ["id", "uses", "provided_by", "side", "actions", "skipped", "because"]
    assert (drain["id"], drain["uses"], drain["side"]) == ("drain-source", "hosts.drain", "source")
    assert drain["actions"][0] == {
        "kind": "host.logons",
        "target": host("neu", 1),
        "reason": "the pool is left",
    }
    assert drain["skipped"][0] == {"target": host("neu", 7), "because": "refuses new sessions already"}
    assert data["steps"][0]["side"] is None
    assert data["steps"][5]["because"] == "waits for the changes before it"


def test_the_interlock_is_data_too_and_names_no_person() -> None:
    finding = Finding(code="RIGHTS", subject="pool-neu", detail="anna@contoso.com may not write")
    seen = Preview(steps=(one("readiness", Blocked(because="no", findings=(finding,))),))
    assert preview_data(seen, pinned())["blocked"] == {
        "because": "no",
        "findings": [{"code": "RIGHTS", "subject": "pool-neu", "detail": "[name-withheld] may not write"}],
    }


def test_the_data_form_is_json_and_holds_no_user() -> None:
    text = msgspec.json.encode(preview_data(WHOLE, pinned())).decode()
    assert "bbbbbbbb-0000" not in text


def drilled(step: str, uses: str, way: Way, moves: Moves) -> StepPreview:
    made = replace(BY_ID["grant-target"], id=step, uses=uses, way=way)
    return StepPreview(step=made, moves=moves, verdict=NotYet(because="not yet"))


def test_a_step_of_the_way_back_names_the_region_that_it_acts_in() -> None:
    there = drilled("grant", "assignments.grant", Way.THERE, Moves())
    back = drilled("restore-access", "assignments.restore", Way.BACK, Moves())
    shown = preview_text(Preview(steps=(READY, there, back)), pinned())
    assert "assignments.grant in westeurope (target)" in shown
    assert "assignments.restore in northeurope (target, on the way back)" in shown


def test_what_is_written_down_of_production_is_counted_and_not_listed() -> None:
    record = tuple(Skipped(target=f"id-{n}", because='host {"takes_sessions": true}') for n in range(9))
    shown = Preview(steps=(READY, drilled("record", "production.record", Way.THERE, Moves(skipped=record))))
    assert "{" not in preview_text(shown, pinned())
    assert len(preview_data(shown, pinned())["steps"][1]["skipped"]) == 9
