"""The account of a run: equal entries, equal account, and nothing in it that the journal does not say."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import to_builtins

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import ActionEnded, Outcome
from avd_failover.journal.state import BrokenStoryError, fold
from avd_failover.report.account import FORMAT, Account, StepAccount, account_data
from avd_failover.report.story import told
from tests.report import histories as h
from tests.report.builders import GROUPS, RUN, T0, Story, cut, drains, grants, host, log_offs, revokes, warmed
from tests.report.histories import ALL, HEAD, account


def step(found: Account, name: str) -> StepAccount:
    return next(one for one in found.steps if one.id == name)


@pytest.mark.parametrize("history", ALL)
def test_equal_entries_give_equal_accounts(history: Callable[[], Story]) -> None:
    assert account(history()) == account(history())


@pytest.mark.parametrize("history", ALL)
def test_every_history_is_json_as_it_stands(history: Callable[[], Story]) -> None:
    told_again = json.loads(json.dumps(account_data(account(history()))))
    assert told_again["journal"] == {
        "entries": len(history().entries),
        "head": HEAD,
        "schema": 1,
        "verify": f"failover journal verify {RUN}",
        "export": f"failover journal export {RUN}",
    }


@pytest.mark.parametrize("history", ALL)
def test_every_prefix_of_every_history_has_an_account(history: Callable[[], Story]) -> None:
    entries = history().entries
    for end in range(1, len(entries) + 1, 7):
        found = told(entries[:end], HEAD)
        assert found.journal.entries == end
        assert found.ending.as_of == entries[end - 1].at


@pytest.mark.parametrize(
    ("history", "state", "so_far", "changed", "resume"),
    [
        (h.completed, "completed", False, True, False),
        (h.moot, "completed", False, False, False),
        (h.refused, "refused", False, False, False),
        (h.held_with_findings, "held", True, True, True),
        (h.held_then_finished, "completed", False, True, False),
        (h.failed, "failed", True, True, True),
        (h.interrupted, "interrupted", True, True, True),
        (h.killed, "interrupted", True, True, True),
        (h.killed_and_resumed, "completed", False, True, False),
        (h.indebted, "held", True, False, True),
        (h.turned_back, "rolled back", False, True, False),
        (h.begun, "interrupted", True, False, True),
    ],
)
def test_an_account_says_where_the_run_stands(history, state, so_far, changed, resume) -> None:
    found = account(history())
    assert (found.ending.state, found.ending.so_far, found.ending.changed) == (state, so_far, changed)
    assert found.resume == (f"failover resume {RUN}" if resume else None)


def test_the_identity_pins_what_was_run() -> None:
    assert to_builtins(account(h.simulated()).identity) == {
        "run": RUN,
        "kind": "failover",
        "plan": "pooled-eu",
        "plan_summary": "Desktops of the EU staff",
        "plan_sha256": "a" * 64,
        "runbook": "pooled-failover",
        "runbook_sha256": "b" * 64,
        "engine": "0.1.0",
        "direction": "primary->secondary",
        "mode": "planned",
        "scope": "all",
        "source": {
            "side": "primary",
            "region": "northeurope",
            "host_pool": account(h.completed()).identity.source.host_pool,
        },
        "target": {
            "side": "secondary",
            "region": "westeurope",
            "host_pool": account(h.completed()).identity.target.host_pool,
        },
        "arm_endpoint": "https://management.azure.com",
        "graph_endpoint": "https://graph.microsoft.com",
        "simulated": "region-dark",
    }


FIELDS = {
    "": "format identity ending drives decisions objectives moments gaps placement machines steps"
    " barrier checks"
    " changes owed unknown trouble findings missing assumptions journal resume"
    " aim switches take_overs gates items fence settled matrix drill",
    "ending": "state so_far because changed idle started_at ended_at as_of lasted_s",
    "drives": "host pid epoch engine how since until ended because",
    "decisions": "at kind by reason step item value evidence_name evidence_sha256",
    "objectives": "name declared_s measured_s open kept how",
    "moments": "first_revoke_at last_revoke_at barrier_at first_grant_at last_grant_at recovered_at"
    " turned_at restored_at",
    "placement": "pair group application_group before after revoked_at granted_at restored_at"
    " gaps gap_s gap_open",
    "gaps": "since until",
    "steps": "id uses side region back summary state reason started_at ended_at duration_s facts turns waits"
    " deeds retries left_alone actor",
    "barrier": "step state proof looks ghosts sentence proven_at waits",
    "checks": "rule source holds detail",
    "changes": "sessions_ended sessions_unproven users_told machines_started machines_stopped hosts_drained",
    "owed": "step region because settle paid_by paid_at",
    "unknown": "step n what sent_at detail",
    "trouble": "step outcome detail count such_as first_at",
    "findings": "code subject detail step at stands",
}


@pytest.mark.parametrize(("section", "fields"), FIELDS.items())
def test_fields_are_added_to_and_never_renamed(section: str, fields: str) -> None:
    """Scripts read these; a new field is added here, and a rename raises FORMAT."""
    assert FORMAT == 1
    for history in ALL:
        data = to_builtins(account(history()))
        found = data[section] if section else data
        rows = found if isinstance(found, tuple | list) else [found]
        assert all(list(row) == fields.split() for row in rows)


@pytest.mark.parametrize("section", [name for name in FIELDS if name])
def test_every_section_is_filled_by_some_history(section: str) -> None:
    assert any(to_builtins(account(history()))[section] for history in ALL)


# Objectives


@pytest.mark.parametrize(
    ("history", "name", "measured_s", "open_", "kept"),
    [
        (h.completed, "recovery time (RTO)", 252.5, False, True),
        (h.completed, "access gap", 53.0, False, True),
        (h.completed, "recovery point (RPO)", None, False, None),
        (h.moot, "recovery time (RTO)", None, False, None),
        (h.moot, "access gap", None, False, None),
        (h.refused, "access gap", None, False, None),
        (h.held_with_findings, "recovery time (RTO)", 226.0, True, None),
        (h.held_with_findings, "access gap", 26.5, True, None),
        (h.held_then_finished, "recovery time (RTO)", 7461.5, False, False),
        (h.held_then_finished, "access gap", 7262.0, False, False),
    ],
)
def test_objectives_stand_beside_what_was_measured(history, name, measured_s, open_, kept) -> None:
    found = next(one for one in account(history()).objectives if one.name == name)
    assert (found.measured_s, found.open, found.kept) == (
        pytest.approx(measured_s) if measured_s is not None else None,
        open_,
        kept,
    )


def test_a_loss_of_data_is_never_said_to_be_zero() -> None:
    for history in ALL:
        found = account(history())
        assert found.objectives[2].measured_s is None
        assert any("recovery point" in line for line in found.missing)


def test_a_gap_begins_when_a_revoke_was_sent_whose_answer_was_lost() -> None:
    """The reading came 100 s later; counting from there would hide that time."""
    found = account(h.lost_revoke())
    sent = found.moments.first_revoke_at
    assert sent is not None
    assert found.moments.last_grant_at is not None
    assert sent == h.lost_revoke().state.attempts[15].intended_at
    gap = next(one for one in found.objectives if one.name == "access gap")
    assert gap.measured_s == (found.moments.last_grant_at - sent).total_seconds()
    plain = h.lost_revoke().state.access_gap_s
    assert plain is not None
    assert gap.measured_s >= plain
    assert any("the answers were lost" in line for line in found.missing)


# Placement


@pytest.mark.parametrize(
    ("history", "before", "after", "open_"),
    [
        (h.completed, "source", "target", False),
        (h.moot, "target", "target", False),
        (h.refused, "not recorded", "not recorded", False),
        (h.begun, "not recorded", "not recorded", False),
        (h.indebted, "source", "source", False),
        (h.failed, "source", "source", False),
        (h.interrupted, "source", "in transit", True),
        (h.turned_back, "source", "source", False),
        (h.turned_early, "source", "source", False),
    ],
)
def test_every_pair_is_told_with_its_way(history, before: str, after: str, open_: bool) -> None:
    pairs = account(history()).placement
    assert len(pairs) == 9
    assert {(pair.before, pair.after, pair.gap_open) for pair in pairs} == {(before, after, open_)}


def test_a_pair_has_the_times_of_its_own_answers() -> None:
    story = h.completed()
    first, *_, last = account(story).placement
    assert (first.pair, last.pair) == ("GRP1 on DAG1", "GRP3 on DAG3")
    assert first.revoked_at == T0 + timedelta(seconds=199.5)
    assert first.granted_at == T0 + timedelta(seconds=248.5)
    assert first.gap_s == (first.granted_at - first.revoked_at).total_seconds()
    assert account(story).moments.first_revoke_at == first.revoked_at
    assert account(story).moments.last_grant_at == last.granted_at


def test_a_pair_whose_revoke_has_no_known_end_is_on_neither_side_for_certain() -> None:
    *rest, last = account(h.unknown()).placement
    assert {pair.after for pair in rest} == {"in transit"}
    assert (last.after, last.gap_open) == ("unknown", True)


def test_the_group_is_named_and_its_members_are_not() -> None:
    data = json.dumps(account_data(account(h.completed())))
    assert all(group.name in data for group in GROUPS)
    assert "bbbbbbbb-0000-4000-8000-000000000001" not in data, "the object id of a user"


# Steps


def test_a_step_tells_what_became_of_its_actions() -> None:
    found = step(account(h.bumpy()), "drain-source")
    (deeds,) = found.deeds
    assert (deeds.kind, deeds.targets, deeds.applied, deeds.refused) == ("host.logons", 2, 1, 1)
    assert (deeds.attempts, deeds.retries, found.retries) == (4, 2, 2)
    assert [(left.because, left.targets) for left in found.left_alone] == [
        ("refuses new sessions already", (host("neu", 7),))
    ], "what the step drained itself is not told as left alone"


def test_trouble_is_told_once_for_alike_answers() -> None:
    assert [(one.outcome, one.count, one.detail) for one in account(h.bumpy()).trouble] == [
        ("transient", 2, "429 too many requests"),
        ("refused", 1, "409 conflict"),
    ]


@pytest.mark.parametrize(
    ("history", "alive", "turns"),
    [
        (h.completed, False, ["done"]),
        (h.interrupted, False, ["cut off"]),
        (h.killed, False, ["cut off"]),
        (h.killed, True, ["running"]),
        (h.killed_and_resumed, False, ["cut off", "done"]),
        (h.begun, False, []),
    ],
)
def test_each_entry_into_a_step_is_a_turn(history, alive: bool, turns: list[str]) -> None:
    found = step(account(history(), alive=alive), "log-off-source")
    assert [turn.result for turn in found.turns] == turns


def test_the_time_between_two_processes_does_not_count_as_work_of_a_step() -> None:
    found = step(account(h.killed_and_resumed()), "log-off-source")
    assert found.duration_s == pytest.approx(12 * 0.3 + 4)
    assert found.started_at is not None
    assert found.ended_at is not None
    assert (found.ended_at - found.started_at).total_seconds() > 3600


def test_a_step_that_does_not_apply_has_its_reason_and_no_turn() -> None:
    story = Story().end("tell-users", "applies to planned runs only", StepStatus.SKIPPED)
    found = step(account(story), "tell-users")
    assert (found.state, found.reason, found.turns) == ("skipped", "applies to planned runs only", ())
    assert (found.started_at, found.duration_s) == (None, None)


def test_what_a_step_waited_for_is_kept_in_order() -> None:
    waits = step(account(h.proven()), "target-hosts").waits
    assert [wait.because for wait in waits] == ["45 of 60 seats on 6 Available hosts"]


# Barrier, changes, debts, unknowns, findings


def test_the_barrier_has_its_evidence() -> None:
    stood = account(h.proven()).barrier
    assert stood is not None
    assert (stood.proof, stood.looks, stood.ghosts, stood.state) == ("physical", 2, 1, "done")
    assert [wait.because for wait in stood.waits] == ["1 of 2 looks without a session"]
    assert stood.proven_at == account(h.proven()).moments.barrier_at


@pytest.mark.parametrize("history", [h.begun, h.held_with_findings])
def test_a_barrier_that_does_not_stand_has_no_proof(history) -> None:
    stood = account(history()).barrier
    assert stood is not None
    assert (stood.proof, stood.looks, stood.proven_at) == (None, None, None)


@pytest.mark.parametrize(
    ("history", "ended", "unproven"),
    [(h.completed, 45, 0), (h.interrupted, 0, 12), (h.killed_and_resumed, 45, 0), (h.begun, 0, 0)],
)
def test_sessions_are_ended_when_that_is_proven(history, ended: int, unproven: int) -> None:
    changes = account(history()).changes
    assert (changes.sessions_ended, changes.sessions_unproven) == (ended, unproven)


def test_machines_and_hosts_are_counted() -> None:
    changes = account(h.completed()).changes
    assert (changes.machines_started, changes.machines_stopped, changes.hosts_drained) == (8, 0, 6)


def test_what_is_owed_names_step_region_and_reason() -> None:
    (owed,) = account(h.indebted()).owed
    assert (owed.step, owed.region) == ("drain-source", "northeurope")
    assert owed.because.startswith("no answer within 300 s")


@pytest.mark.parametrize(
    ("history", "many"), [(h.unknown, 1), (h.killed, 33), (h.completed, 0), (h.begun, 0)]
)
def test_what_has_no_known_end_is_unknown(history, many: int) -> None:
    assert len(account(history()).unknown) == many


def test_an_unknown_request_is_named_without_the_user() -> None:
    one = account(h.killed()).unknown[0]
    assert (one.step, one.what) == ("log-off-source", "log off session 13 on avd-neu-2")


def test_a_finding_of_a_held_run_stands_until_a_later_look_takes_it_back() -> None:
    (stands,) = account(h.held_with_findings()).findings
    (settled,) = account(h.held_then_finished()).findings
    assert (stands.code, stands.step, stands.stands) == ("SHADOW-PATH", "barrier", True)
    assert (settled.at, settled.stands) == (stands.at, False)


def test_a_finding_of_the_run_alone_belongs_to_no_step() -> None:
    (found,) = account(h.refused()).findings
    assert (found.step, found.stands) == (None, True)


# Who drove it


def test_each_process_that_drove_is_told_with_its_end() -> None:
    first, second = account(h.killed_and_resumed()).drives
    assert (first.host, first.pid, first.how, first.ended) == ("laptop", 4711, "began", "killed")
    assert (second.host, second.epoch, second.how, second.ended) == ("desk", 2, "resumed", "completed")
    assert first.until is not None
    assert (second.since - first.until).total_seconds() == 3600


@pytest.mark.parametrize(("alive", "ended"), [(True, ""), (False, "killed")])
def test_a_run_without_an_end_is_driven_or_its_process_died(alive: bool, ended: str) -> None:
    (drive,) = account(h.killed(), alive=alive).drives
    assert drive.ended == ended
    assert (drive.until is None) == alive


def test_a_process_that_died_is_among_what_the_journal_lacks() -> None:
    lacks = account(h.killed_and_resumed()).missing
    assert any(line.startswith("How process 4711 on laptop ended") for line in lacks)
    assert not any("How process" in line for line in account(h.completed()).missing)


def test_people_are_said_to_be_missing_and_not_made_up() -> None:
    assert any("people are not" in line for line in account(h.completed()).missing)


# The safety case, held against the order of entries


def verdicts(story: Story) -> dict[str, bool | None]:
    return {check.rule: check.holds for check in account(story).checks}


def test_a_good_run_holds_every_rule() -> None:
    assert set(verdicts(h.proven()).values()) == {True}


def test_a_run_that_did_nothing_holds_no_rule_vacuously() -> None:
    assert set(verdicts(h.moot()).values()) == {None}
    assert set(verdicts(h.begun()).values()) == {None}


def granted_before_the_barrier() -> Story:
    story = warmed(Story()).begin("revoke-source").do("revoke-source", revokes()).end("revoke-source", "r")
    story.begin("grant-target").do("grant-target", grants()).end("grant-target", "g")
    return h.stand(story)


def granted_between_revokes() -> Story:
    story = h.stand(warmed(Story())).begin("grant-target", "revoke-source")
    return (
        story.do("revoke-source", revokes()[:4])
        .do("grant-target", grants()[:4])
        .do("revoke-source", revokes()[4:])
    )


def revoked_before_the_seats() -> Story:
    story = Story().begin("readiness").end("readiness", "ok").begin("revoke-source", "target-seats")
    return story.do("revoke-source", revokes()).end("target-seats", "60 seats")


def one_look_only() -> Story:
    return h.stand(warmed(Story()), looks=1)


@pytest.mark.parametrize(
    ("story", "rule"),
    [
        (granted_before_the_barrier, "Barrier before grant"),
        (granted_between_revokes, "All revoked before any granted"),
        (revoked_before_the_seats, "Seats before revoke"),
        (one_look_only, "Zero sessions, twice"),
        (h.interrupted, "Every pair in one place"),
    ],
)
def test_a_journal_that_breaks_a_rule_is_told_to(story: Callable[[], Story], rule: str) -> None:
    assert verdicts(story())[rule] is False


def test_a_request_after_the_closing_reading_breaks_its_rule() -> None:
    story = warmed(Story()).begin("revoke-source").do("revoke-source", revokes()[:8])
    story.begin("reconcile").end("reconcile", "all settled")
    assert verdicts(story)["Closing reading"] is True
    assert verdicts(story.do("revoke-source", revokes()[8:]))["Closing reading"] is False


def test_a_request_without_a_known_end_spoils_the_closing_reading() -> None:
    story = warmed(Story()).begin("revoke-source").do("revoke-source", revokes()).begin("log-off-source")
    story.intend("log-off-source", log_offs(1))
    story.begin("reconcile").end("reconcile", "all settled")
    assert verdicts(story)["Closing reading"] is False


# Turned back


def test_a_run_that_was_turned_back_recovered_nobody_and_says_what_people_asked() -> None:
    found = account(h.turned_back())
    assert (found.moments.recovered_at, found.objectives[0].measured_s, found.objectives[0].kept) == (
        None,
        None,
        None,
    )
    (decision,) = found.decisions
    assert (decision.kind, decision.by, decision.reason) == ("rollback", "duty admin", "wrong plan")
    assert found.moments.turned_at is not None
    assert found.moments.restored_at is not None
    assert decision.at < found.moments.turned_at < found.moments.restored_at


def test_the_times_without_access_on_both_ways_are_added_up() -> None:
    """There: 49 s, as in a run that stays; back: from the withdrawal 36 s later to the restoring grant."""
    first = account(h.turned_back()).placement[0]
    assert first.revoked_at is not None
    assert first.granted_at is not None
    assert first.restored_at is not None
    assert first.revoked_at < first.granted_at < first.restored_at
    there = (first.granted_at - first.revoked_at).total_seconds()
    back = 4.0 + 31 + 0.5
    assert first.gap_s == pytest.approx(there + back)


def test_the_gap_of_a_run_that_was_turned_back_leaves_out_the_time_when_users_had_the_target() -> None:
    found = account(h.turned_back())
    there, back = found.gaps
    assert (there.since, there.until) == (found.moments.first_revoke_at, found.moments.last_grant_at)
    assert back.since > there.until
    assert found.objectives[1].measured_s == there.seconds + back.seconds
    assert {pair.gaps[1].since >= back.since for pair in found.placement} == {True}


def test_a_step_without_a_verdict_that_nobody_drives_is_cut_off_and_not_running() -> None:
    assert step(account(h.killed()), "log-off-source").state == "cut off"
    assert step(account(h.killed(), alive=True), "log-off-source").state == "running"
    assert step(account(h.interrupted()), "log-off-source").state == "cut off"


def test_a_pair_that_was_never_touched_had_access_all_the_time() -> None:
    pairs = account(h.turned_early()).placement
    assert [pair.gap_s is None for pair in pairs] == [False] * 4 + [True] * 5
    assert {pair.restored_at is None for pair in pairs[4:]} == {True}


def test_steps_of_the_way_back_are_told_apart_and_name_the_region_they_are_about() -> None:
    found = account(h.turned_back())
    there, back = step(found, "grant-target"), step(found, "back-withdraw")
    assert (there.back, there.side, there.region) == (False, "target", "westeurope")
    assert (back.back, back.side, back.region) == (True, "source", "westeurope")


@pytest.mark.parametrize("history", [h.turned_back, h.turned_early])
def test_a_good_way_back_breaks_no_rule(history) -> None:
    assert False not in verdicts(history()).values()
    assert verdicts(history())["Closing reading"] is True
    assert verdicts(h.turned_back())["All withdrawn before any restored"] is True


def test_restoring_before_all_is_withdrawn_breaks_its_rule() -> None:
    story = h.stand(cut(Story()).end("log-off-source", "45 sessions logged off"))
    story.begin("grant-target").do("grant-target", grants()).end("grant-target", "9 pairs assigned")
    h.turn(story).begin("back-withdraw")
    story.do("back-withdraw", revokes()[:4]).do("back-withdraw", grants()).do("back-withdraw", revokes()[4:])
    assert verdicts(story)["All withdrawn before any restored"] is False
    assert verdicts(story)["All revoked before any granted"] is True


def test_the_process_that_turns_back_is_told_as_one_more_drive() -> None:
    first, second = account(h.turned_back()).drives
    assert (first.ended, second.how, second.ended) == ("held", "turned back", "rolled back")
    assert (first.pid, second.pid) == (4711, 4711)


# The fold itself


def test_entries_that_contradict_each_other_have_no_account() -> None:
    story = h.completed()
    broken = [*story.entries[:5], story.entries[0]]
    with pytest.raises(BrokenStoryError):
        told(broken, HEAD)
    with pytest.raises(BrokenStoryError):
        told([], HEAD)


def test_the_account_and_the_state_agree() -> None:
    story = h.held_then_finished()
    state, found = fold(story.entries), account(story)
    assert found.ending.state == state.status.value == RunStatus.COMPLETED.value
    assert found.journal.entries == state.seq
    assert [one.state for one in found.steps] == [one.status.value for one in state.steps.values()]


def test_a_secret_in_an_answer_does_not_reach_the_json_form() -> None:
    story = Story().begin("readiness").end("readiness", "ready").begin("drain-source")
    (n,) = story.intend("drain-source", drains(1))
    secret = "sig=abcDEF123456 for anna@contoso.com"
    story.tell(ActionEnded(n=n, outcome=Outcome.REFUSED, detail=secret))
    story.end("drain-source", secret, StepStatus.HELD).close(RunStatus.HELD, secret)
    data = json.dumps(account_data(account(story)))
    assert "abcDEF123456" not in data
    assert "anna@contoso.com" not in data
    assert "[secret-withheld]" in data
