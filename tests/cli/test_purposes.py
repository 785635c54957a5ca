"""What the words typed become: the run that is wished for, and what is refused before anything is read."""

from typing import Any

import pytest

from avd_failover.cli import run as starting
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.main import run as type_in
from avd_failover.cli.purposes import names
from avd_failover.cli.request import Wish, ask
from avd_failover.domain.plan import Mode, Side
from avd_failover.domain.route import Purpose

COMMON: dict[str, Any] = {"plan": "small"}


@pytest.fixture
def wished(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Wish, dict[str, Any]]]:
    """Return what would be started; nothing is."""
    heard: list[tuple[Wish, dict[str, Any]]] = []

    def start(wish: Wish, **how: Any) -> None:
        heard.append((wish, how))
        raise Quit(ExitCode.DONE, "")

    monkeypatch.setattr(starting, "start", start)
    return heard


WISHES: list[tuple[str, dict[str, Any]]] = [
    ("--plan small", {}),
    ("--plan small --mode unplanned", {"mode": Mode.UNPLANNED}),
    ("--plan small --mode unplanned --force flood", {"mode": Mode.UNPLANNED, "forced": "flood"}),
    ("--plan small --groups GRP1,GRP2", {"groups": ("GRP1", "GRP2")}),
    ("--plan small --groups=GRP1,,GRP1", {"groups": ("GRP1",)}),
    ("--plan small --app-groups DAG", {"app_groups": ("DAG",)}),
    ("--plan small --run-key night-7 --by Ann", {"key": "night-7", "by": "Ann"}),
    ("back --plan small", {"purpose": Purpose.FAILBACK}),
    (
        "back --plan small --mode unplanned --force flood",
        {"purpose": Purpose.FAILBACK, "mode": Mode.UNPLANNED, "forced": "flood"},
    ),
    ("back --plan small --run-key k --by Ben", {"purpose": Purpose.FAILBACK, "key": "k", "by": "Ben"}),
    ("drill --plan small", {"purpose": Purpose.DRILL}),
    ("drill --plan small --hold 30m", {"purpose": Purpose.DRILL, "hold_s": 1800.0}),
    (
        "drill --plan small --severity high --because flood",
        {"purpose": Purpose.DRILL, "severity": "high", "chosen_because": "flood"},
    ),
    ("settle --plan small", {"purpose": Purpose.SETTLE}),
    ("run host-keepalive --plan small", {"purpose": Purpose.UPKEEP, "runbook": "host-keepalive"}),
]


@pytest.mark.parametrize(("typed", "wanted"), WISHES, ids=[row[0] for row in WISHES])
def test_words_become_a_wish(wished, typed: str, wanted: dict[str, Any]) -> None:
    assert type_in(typed.split()) == ExitCode.DONE
    ((wish, _),) = wished
    assert wish == Wish(**COMMON | wanted)


@pytest.mark.parametrize("command", ["", "back ", "drill ", "settle ", "run host-keepalive "])
def test_every_command_that_begins_a_run_talks_in_the_same_manner(wished, command: str) -> None:
    options = "--plan small --simulate small --speed 50 --dry-run --yes --output json --log-format json"
    type_in(f"{command}{options}".split())
    ((_, how),) = wished
    manner = how["manner"]
    assert (how["simulate"], how["speed"]) == ("small", 50.0)
    assert (manner.output, manner.log_format, manner.yes, manner.dry_run) == ("json", "json", True, True)


UNUSABLE = [
    "",
    "back",
    "drill",
    "settle",
    "run --plan small",
    "--plan small back --plan small",
    "--plan small --groups ,",
    "--plan small --app-groups  ",
    "--plan small --mode sideways",
    "back --plan small --groups GRP1",
    "drill --plan small --hold soon",
    "--plan small --speed 0",
]


@pytest.mark.parametrize("typed", UNUSABLE)
def test_words_that_mean_nothing_are_bad_usage_and_start_nothing(wished, typed: str, capsys) -> None:
    arguments = typed.replace("  ", " \x00").split(" ") if typed else []
    assert type_in([one.replace("\x00", "") for one in arguments]) == ExitCode.BAD_INPUT
    assert wished == []
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, None), ("A", ("A",)), (" A , B ,", ("A", "B")), ("B,A,B", ("B", "A"))],
)
def test_names_keep_their_order_and_come_once(text: str | None, found: tuple[str, ...] | None) -> None:
    assert names(text) == found


def refusal(**wish: Any) -> Quit:
    with pytest.raises(Quit) as no:
        ask(Wish(**wish))
    return no.value


UNKNOWN = [
    ({"plan": "small", "groups": ("GRP-OFICE",)}, "--groups: the plan has no", "GRP-OFFICE"),
    ({"plan": "pooled-eu", "groups": ("GRP11",)}, "--groups: the plan has no", "did you mean"),
    ({"plan": "pooled-eu", "app_groups": ("DAG11",)}, "--app-groups: the plan has no", "did you mean"),
    ({"plan": "pooled-eu", "app_groups": ("zzz",)}, "--app-groups: the plan has no", "it has"),
]


@pytest.mark.parametrize(("wish", "because", "more"), UNKNOWN)
def test_a_name_that_the_plan_does_not_have_is_told_with_the_nearest_one(wish, because, more) -> None:
    no = refusal(**wish)
    assert no.code is ExitCode.BAD_INPUT
    assert because in no.message
    assert more in no.message


def test_a_drill_of_personal_desktops_is_refused_with_the_reason_and_a_way_to_practise() -> None:
    no = refusal(plan="personal-eu", purpose=Purpose.DRILL)
    assert no.code is ExitCode.REFUSED
    assert "would bring up each host a second time" in no.message
    assert no.next_step.startswith("failover rehearse --plan personal-eu")


def test_a_runbook_of_the_other_kind_of_desktops_is_refused() -> None:
    no = refusal(plan="personal-eu", purpose=Purpose.UPKEEP, runbook="host-keepalive")
    assert no.code is ExitCode.BAD_INPUT
    assert "personal" in no.message


def test_a_plan_that_nobody_knows_is_bad_usage() -> None:
    assert refusal(plan="smal").code is ExitCode.BAD_INPUT


RUNBOOKS = [
    (Purpose.FAILOVER, {}, "pooled-failover", Side.PRIMARY),
    (Purpose.FAILOVER, {"groups": ("GRP3",)}, "pooled-cohort", Side.PRIMARY),
    (Purpose.FAILBACK, {}, "pooled-failback", Side.SECONDARY),
    (Purpose.DRILL, {}, "pooled-test-failover", Side.PRIMARY),
    (Purpose.UPKEEP, {"runbook": "host-keepalive"}, "host-keepalive", Side.PRIMARY),
]


@pytest.mark.parametrize(("purpose", "more", "runbook", "leaving"), RUNBOOKS)
def test_a_purpose_takes_its_runbook_and_its_direction(purpose, more, runbook, leaving) -> None:
    asked = ask(Wish(plan="pooled-eu", purpose=purpose, **more))
    assert (asked.graph.runbook, asked.route.leaving) == (runbook, leaving)
    assert asked.route.test is (purpose is Purpose.DRILL)


def test_the_hold_of_a_drill_is_as_long_as_asked_and_its_step_has_an_hour_more() -> None:
    usual = ask(Wish(plan="pooled-eu", purpose=Purpose.DRILL)).graph
    longer = ask(Wish(plan="pooled-eu", purpose=Purpose.DRILL, hold_s=7200.0)).graph
    (hold,) = [step for step in longer.steps if step.uses == "drill.hold"]
    assert (hold.settings["hold"], hold.proof_within_s >= 7200.0 + 3600.0) == (7200.0, True)
    assert [one for one in longer.steps if one.id != hold.id] == [
        one for one in usual.steps if one.id != hold.id
    ]


def test_whoever_asks_is_on_record_whether_named_or_known_by_this_machine(monkeypatch) -> None:
    monkeypatch.setenv("AVD_FAILOVER_OPERATOR", "duty-7")
    assert ask(Wish(plan="small")).initiator == "duty-7"
    assert ask(Wish(plan="small", by="Ann")).initiator == "Ann"
