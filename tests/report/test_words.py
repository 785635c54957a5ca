"""What people read: durations, names, sentences, and nothing that a terminal would act on."""

from typing import get_args

import pytest

from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    DeallocateMachine,
    RunCommand,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    TellUser,
)
from avd_failover.domain.estate import PoolReference, ScheduleFloor
from avd_failover.domain.ids import host_pool_id, machine_id, schedule_id, session_host_id, user_session_id
from avd_failover.domain.plan import Side
from avd_failover.domain.route import Route
from avd_failover.report.redaction import PERSON, SECRET, redact, redact_field, redact_value
from avd_failover.report.words import (
    Names,
    brief,
    deed,
    duration,
    endpoints,
    journey,
    marked,
    plain,
    request,
    screen,
    sign,
    stopwatch,
    travel,
)
from tests.recovery_actions import (
    CHANGE,
    COMMIT,
    COMMIT_TOGETHER,
    FAIL_OVER,
    INSTALL,
    RECOVERY_ACTIONS,
    REPROTECT,
    TOGETHER,
)
from tests.report.builders import PLAN, SUB, avd, drains, grants, host, log_offs, revokes, starts

NAMES = Names(Route(plan=PLAN))
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2FybSJ9.c2lnbmF0dXJl"
FLOOR = ScheduleFloor(
    ramp_up_minimum_hosts_pct=20,
    ramp_up_capacity_threshold_pct=60,
    ramp_down_minimum_hosts_pct=10,
    ramp_down_capacity_threshold_pct=90,
)
RAISED = ScheduleFloor(
    ramp_up_minimum_hosts_pct=100,
    ramp_up_capacity_threshold_pct=60,
    ramp_down_minimum_hosts_pct=100,
    ramp_down_capacity_threshold_pct=90,
)


def floor(after: ScheduleFloor = RAISED) -> SetScheduleFloor:
    schedule = schedule_id(avd("weu", "scalingplans/scale-weu/pooledschedules/weekdays"))
    return SetScheduleFloor(schedule=schedule, floor=after, before=FLOOR, reason="r")


def references(*enabled: bool) -> tuple[PoolReference, ...]:
    pools = (host_pool_id(avd("neu", f"hostpools/{name}")) for name in ("pool-neu", "pool-other"))
    return tuple(PoolReference(host_pool=pool, enabled=on) for pool, on in zip(pools, enabled, strict=True))


def pools(before: tuple[bool, bool], after: tuple[bool, bool]) -> SetPoolReferences:
    plan = PLAN.primary.scaling_plan
    assert plan is not None
    return SetPoolReferences(plan=plan, references=references(*after), before=references(*before), reason="r")


TOLD = TellUser(
    session=user_session_id(f"{host('neu', 1)}/usersessions/3"), title="Moving", body="Save", reason="r"
)
STOPPED = DeallocateMachine(
    machine=machine_id(f"{SUB}/rg-avd-weu/providers/microsoft.compute/virtualmachines/vm-avd-weu-4"),
    reason="r",
)
CONNECT = SetStartOnConnect(host_pool=PLAN.primary.host_pool, allowed=False, before=True, reason="r")
OPENED = SetLogons(
    host=session_host_id(host("neu", 2)), allowed=True, before=False, reason="the drill is over"
)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (0.4, "0 s"),
        (12, "12 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (250, "4 min 10 s"),
        (3599, "59 min 59 s"),
        (3720, "1 h 02 min"),
        (47 * 3600, "47 h 00 min"),
        (76 * 3600, "3 d 04 h"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("seconds", "shown"), [(-1, "0:00"), (12, "0:12"), (250, "4:10"), (3723, "1:02:03")])
def test_a_stopwatch_takes_the_least_room(seconds: float, shown: str) -> None:
    assert stopwatch(seconds) == shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("two\nlines", r"two\nlines"),
        ("over\rwritten", r"over\rwritten"),
        ("turned \u202egnp.exe", r"turned \u202egnp.exe"),
        ("c1 \x9b31m", r"c1 \x9b31m"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("Zürich 東京", "Zürich 東京"),
    ],
)
def test_nothing_a_terminal_would_act_on_gets_through(text: str, seen: str) -> None:
    assert plain(text) == seen
    assert plain(text).isprintable()


CANARIES = [
    f"Bearer {JWT}",
    JWT,
    "https://a.blob.core.windows.net/j?sv=2024-01-01&sig=Zm9vYmFyYmF6cXV4%3D",
    "SharedAccessSignature=CANARY-0123456789abcdef",
    f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={'A' * 86}==;EndpointSuffix=x",
    "Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=CANARYCANARY=",
    "Server=tcp:x;User ID=sa;Password=CANARY-pass-1;",
    '{"access_token": "CANARY-opaque-token"}',
    "client_secret=CANARY-value",
    f"AADSTS7000215 abc8Q~{'x' * 34} is wrong",
    "Basic Q0FOQVJZOkNBTkFSWQ==",
    "-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----",
    f"key {'B' * 86}==",
    "Set-Cookie: x; cookie=CANARY-cookie",
]


@pytest.mark.parametrize("canary", CANARIES)
def test_a_secret_is_withheld_by_its_shape_wherever_it_stands(canary: str) -> None:
    said = plain(f"before {canary} after")
    assert SECRET in said
    for leak in ("CANARY", "eyJ", "Zm9v", "Q0FO", "A" * 20, "B" * 20, "x" * 20):
        assert leak not in said
    assert redact(said) == said, "withholding twice is as once"


@pytest.mark.parametrize("who", ["anna.smith@contoso.com", "anna_x.com#EXT#@contoso.onmicrosoft.com"])
def test_people_are_withheld_by_their_address(who: str) -> None:
    assert plain(f"The client '{who}' has no right") == f"The client '{PERSON}' has no right"


@pytest.mark.parametrize(
    "harmless",
    [
        "45 of 60 seats on 6 Available hosts",
        host("neu", 1),
        "sha256 " + "a" * 64,
        "significant: yes",
        "signature of pool checked",
        "https://management.azure.com",
    ],
)
def test_ordinary_words_and_ids_stay_as_they_are(harmless: str) -> None:
    assert plain(harmless) == harmless


def test_values_are_redacted_at_any_depth_and_fields_by_name() -> None:
    told = redact_value(
        {"a": [{"b": (JWT, b"Password=x1;")}], "n": 3, "token": "opaque", "user": "id", "o": None}
    )
    assert told == {
        "a": [{"b": [SECRET, f"Password={SECRET};"]}],
        "n": 3,
        "token": SECRET,
        "user": SECRET,
        "o": None,
    }
    assert redact_field("Authorization", "opaque") == SECRET
    assert redact_field("token", None) is None
    assert redact_value(PLAN.pool) == "PoolKind.POOLED"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (PLAN.application_groups[0].primary, "DAG1 (northeurope)"),
        (PLAN.application_groups[2].secondary, "DAG3 (westeurope)"),
        (host("neu", 4), "avd-neu-4"),
        (f"{host('neu', 4)}/usersessions/17", "session 17 on avd-neu-4"),
        (PLAN.primary.host_pool, "pool-neu"),
        (avd("weu", "scalingplans/scale-weu/pooledschedules/weekdays"), "schedule weekdays of scale-weu"),
        ("GRP1 on DAG1", "GRP1 on DAG1"),
        ("/evil/\x1b[2Jname", r"\x1b[2Jname"),
    ],
)
def test_an_id_is_told_by_the_name_that_people_use(target: str, name: str) -> None:
    assert NAMES.of(target) == name


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        (revokes()[0], "revoke GRP1 from DAG1 (northeurope)"),
        (grants()[4], "grant GRP2 on DAG2 (westeurope)"),
        (log_offs()[2], "log off session 3 on avd-neu-4"),
        (starts()[3], "start vm-avd-weu-4"),
        (drains()[0], "refuse new sessions on avd-neu-1"),
        (OPENED, "take new sessions on avd-neu-2"),
        (TOLD, "tell session 3 on avd-neu-1"),
        (STOPPED, "deallocate vm-avd-weu-4"),
        (CONNECT, "forbid start on connect for pool-neu"),
        (FAIL_OVER, "fail over vm-1"),
        (CHANGE, "bring another recovery point to vm-1"),
        (COMMIT, "commit the failover of vm-1"),
        (REPROTECT, "reprotect vm-1"),
        (TOGETHER, "fail over 1 desktop together by recovery plan rp"),
        (COMMIT_TOGETHER, "commit the failover of 1 desktop together by recovery plan rp"),
        (INSTALL, "install Monitor on vm-1"),
        (
            floor(),
            "set schedule weekdays of scale-weu: ramp-up minimum 20 -> 100 %, ramp-down minimum 10 -> 100 %",
        ),
        (floor(FLOOR), "set schedule weekdays of scale-weu: as it is"),
        (pools((True, True), (False, True)), "let scale-neu leave pool-neu alone"),
        (pools((False, True), (True, True)), "let scale-neu act on pool-neu"),
        (pools((True, True), (True, True)), "let scale-neu act on the same pools as before"),
    ],
)
def test_an_action_is_told_in_one_sentence(action: Action, sentence: str) -> None:
    assert NAMES.sentence(action) == sentence


ONE_OF_EACH: list[Action] = [
    *(action for _, _, action, _ in RECOVERY_ACTIONS),
    revokes()[0],
    grants()[0],
    log_offs()[0],
    TOLD,
    starts()[0],
    STOPPED,
    drains()[0],
    pools((True, True), (False, True)),
    floor(),
    CONNECT,
    RunCommand(step="dns", number=1, argv=("/opt/dns", "a b", "\x1b[1m"), timeout_s=1, reason=""),
    CallWebhook(step="t", number=1, url="https://h.test/x", body="", key="", timeout_s=1, reason=""),
]


def test_every_kind_of_action_has_its_words() -> None:
    assert {type(action) for action in ONE_OF_EACH} == set(get_args(Action))
    for action in ONE_OF_EACH:
        noun, done = deed(action)
        assert noun
        assert done
        assert request(action)
        assert sign(action) in {"+", "-", "~"}


def test_what_leaves_azure_is_told_word_for_word_and_cannot_paint_the_screen() -> None:
    assert NAMES.sentence(ONE_OF_EACH[-2]) == r"run /opt/dns 'a b' '\x1b[1m'"
    assert NAMES.sentence(ONE_OF_EACH[-1]) == "call https://h.test/x"


def test_no_sentence_names_a_user() -> None:
    for action in ONE_OF_EACH:
        assert "bbbbbbbb-0000" not in NAMES.sentence(action)


def test_draining_and_opening_are_told_apart() -> None:
    assert (deed(drains()[0]), request(drains()[0])) == (("host", "drained"), "drain")
    assert (deed(OPENED), request(OPENED)) == (("host", "opened"), "opening")


def test_a_route_is_told_with_its_regions_both_ways() -> None:
    there, back = Route(plan=PLAN), Route(plan=PLAN, leaving=Side.SECONDARY)
    assert (travel(there), journey(there)) == ("failover", "primary (northeurope) -> secondary (westeurope)")
    assert (travel(back), journey(back)) == ("failback", "secondary (westeurope) -> primary (northeurope)")


def test_simulated_stands_on_every_line_and_only_where_it_is() -> None:
    assert marked("a\n\nb", "pooled-eu") == "SIMULATED a\nSIMULATED\nSIMULATED b"
    assert marked("a\n\nb", None) == "a\n\nb"


POOL = "/subscriptions/5b0c1a1e-6f0e/resourcegroups/rg/providers/microsoft.desktopvirtualization/hostpools/hp"
BRIEF = [
    (f"503 Unavailable: Down., for {POOL} (request 00-14)", "503 Unavailable: Down (hp)"),
    (f"404 NotFound: no such thing, for {POOL}", "404 NotFound: no such thing (hp)"),
    (f"owed: 503: Down., for {POOL} (request 1); asked again", "owed: 503: Down (hp); asked again"),
    (f"one, for {POOL} (request 1) and two, for {POOL}/sessionhosts/h1", "one (hp) and two (h1)"),
    ("no: gone. For more details please go to https://aka.ms/Fix, for " + POOL, "no: gone (hp)"),
    (f"comparing {POOL} took longer than 10 s", "comparing hp took longer than 10 s"),
    ("see https://portal/subscriptions/1/x", "see https://portal/subscriptions/1/x"),
    ("applies for all, for ever", "applies for all, for ever"),
    (f"failover skip RUN step --item {POOL}", f"failover skip RUN step --item {POOL}"),
]


@pytest.mark.parametrize(("whole", "short"), BRIEF)
def test_what_azure_said_takes_the_room_of_a_screen_and_commands_stay_whole(whole: str, short: str) -> None:
    assert brief(whole) == short
    assert brief(short) == short


def test_a_screen_is_brief_and_as_harmless_as_any_text() -> None:
    assert screen(f"a\x1b[2Jb, for {POOL} (request 1)") == "a\\x1b[2Jb (hp)"


def test_one_address_is_named_once() -> None:
    assert endpoints("http://127.0.0.1:1", "http://127.0.0.1:1") == "http://127.0.0.1:1"
    assert endpoints("https://a", "https://b") == "https://a and https://b"
