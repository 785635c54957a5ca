"""The capacity part of a plan file: what it may say, and where exactly it is wrong."""

import json

import jsonschema
import pytest

from avd_failover.cli.files import _schema
from avd_failover.domain.fallbacks import Fallback, FallbackKind, Wave
from avd_failover.domain.plan import Capacity
from avd_failover.runbook.digest import digest_of
from avd_failover.runbook.plan_file import load_plan
from avd_failover.runbook.yaml_file import load
from tests.runbook.builders import ROOT, plan_faults, written

PLAN = (ROOT / "plans" / "pooled-eu.yaml").read_text(encoding="utf-8")
STANDING = "capacity: {seats: 60, minimum_hosts_pct: 100}\n"
LINE = PLAN[: PLAN.index(STANDING)].count("\n") + 1
"""Line of the file on which ``capacity:`` stands."""

WHOLE = """\
capacity:
  seats: 60
  minimum_hosts_pct: 80
  minimum_success_pct: 90
  capacity_threshold_pct: 60
  wave: {size: 50, every: 30s}
  fallbacks:
    - {name: spare, kind: hosts, because: Spare ones., hosts: [AVD-weu-8, avd-weu-9.corp.example]}
    - {name: kept, kind: reservation, because: Reserved ones., prefix: AVD-weu-r}
    - {name: bigger, kind: other-size, because: Others., prefix: avd-weu-e}
"""


def with_capacity(text: str) -> str:
    assert STANDING in PLAN
    return PLAN.replace(STANDING, text)


def with_fallbacks(*lines: str) -> str:
    body = "".join(f"    - {{{line}}}\n" for line in lines)
    return with_capacity("capacity:\n  seats: 60\n  fallbacks:\n" + body)


def test_everything_that_may_be_said_arrives(tmp_path):
    found = load_plan(written(tmp_path, with_capacity(WHOLE))).plan.capacity
    assert found == Capacity(
        seats=60,
        minimum_hosts_pct=80,
        minimum_success_pct=90,
        capacity_threshold_pct=60,
        wave=Wave(size=50, every_s=30.0),
        fallbacks=(
            Fallback(
                name="spare",
                kind=FallbackKind.HOSTS,
                because="Spare ones.",
                hosts=("avd-weu-8", "avd-weu-9.corp.example"),
            ),
            Fallback(
                name="kept", kind=FallbackKind.RESERVATION, because="Reserved ones.", prefix="avd-weu-r"
            ),
            Fallback(name="bigger", kind=FallbackKind.OTHER_SIZE, because="Others.", prefix="avd-weu-e"),
        ),
    )


def test_what_is_left_out_starts_everything_at_once_and_leaves_it_to_the_seats(tmp_path):
    found = load_plan(written(tmp_path, with_capacity("capacity: {seats: 60}\n"))).plan.capacity
    assert found == Capacity(seats=60)
    assert (found.minimum_hosts_pct, found.minimum_success_pct) == (100, 0)
    assert (found.capacity_threshold_pct, found.wave, found.fallbacks) == (None, None, ())


def test_the_order_of_fallbacks_is_part_of_what_a_plan_means(tmp_path):
    one = "name: a, kind: hosts, because: A., prefix: a"
    other = "name: b, kind: hosts, because: B., prefix: b"
    plans = [load_plan(written(tmp_path, with_fallbacks(*pair))) for pair in ((one, other), (other, one))]
    assert digest_of(plans[0].plan) != digest_of(plans[1].plan)


SPARE = "name: spare, kind: hosts, because: Spare."
FAULTS = [
    # capacity, column, path, what is said
    ("{seats: 60, wave: {size: 0, every: 30s}}", 36, "capacity.wave.size", "at least 1"),
    ("{seats: 60, wave: {size: 5, every: 30}}", 46, "capacity.wave.every", "durations carry a unit"),
    ("{seats: 60, wave: {size: 5}}", 23, "capacity.wave", "every"),
    ("{seats: 60, minimum_success_pct: 101}", 44, "capacity.minimum_success_pct", "at most 100"),
    ("{seats: 60, capacity_threshold_pct: 0}", 47, "capacity.capacity_threshold_pct", "at least 1"),
    ("{seats: 60, minimum_succes_pct: 50}", 23, "capacity.minimum_succes_pct", "minimum_success"),
]


@pytest.mark.parametrize(("text", "column", "path", "said"), FAULTS)
def test_a_wrong_value_is_told_at_its_place(tmp_path, text, column, path, said):
    (fault,) = plan_faults(tmp_path, with_capacity(f"capacity: {text}\n"))
    assert f":{LINE}:{column} {path}: " in str(fault), str(fault)
    assert said in str(fault)


LADDERS = [
    # fallbacks, which of them is wrong, path, what is said
    ([SPARE], 0, "capacity.fallbacks[0]", "names no hosts; allowed: either hosts or prefix"),
    ([SPARE + ", hosts: [a], prefix: b"], 0, "capacity.fallbacks[0]", "names hosts and a prefix"),
    (
        [SPARE + ", prefix: a", "name: spare, kind: hosts, because: B., prefix: b"],
        1,
        "capacity.fallbacks[1].name",
        "the name 'spare' is used twice; capacity.fallbacks[0].name has it already",
    ),
    (
        [SPARE + ", hosts: [avd-1]", "name: b, kind: hosts, because: B., hosts: [avd-2, AVD-1]"],
        1,
        "capacity.fallbacks[1].hosts[1]",
        "the host 'avd-1' is used twice; capacity.fallbacks[0].hosts[0] has it already",
    ),
    (
        [SPARE + ", prefix: avd-", "name: b, kind: hosts, because: B., hosts: [avd-1]"],
        1,
        "capacity.fallbacks[1].hosts[0]",
        "'avd-1' belongs to fallback 'spare' before it",
    ),
    (
        [SPARE + ", prefix: avd-", "name: b, kind: hosts, because: B., prefix: avd-big-"],
        1,
        "capacity.fallbacks[1].prefix",
        "put the narrower set first",
    ),
    ([SPARE + ", hosts: ['a/b']"], 0, "capacity.fallbacks[0].hosts[0]", "'a/b'"),
    (["name: spare, kind: zone, because: Z., prefix: a"], 0, "capacity.fallbacks[0].kind", "other-size"),
    (["name: spare, kind: hosts, because: '', prefix: a"], 0, "capacity.fallbacks[0].because", ""),
    (
        ["name: Spare Ones, kind: hosts, because: A., prefix: a"],
        0,
        "capacity.fallbacks[0].name",
        "Spare Ones",
    ),
]


@pytest.mark.parametrize(("lines", "wrong", "path", "said"), LADDERS)
def test_a_ladder_that_contradicts_itself_is_told_at_its_place(tmp_path, lines, wrong, path, said):
    (fault,) = plan_faults(tmp_path, with_fallbacks(*lines))
    assert f":{LINE + 3 + wrong}:" in str(fault), str(fault)
    assert f" {path}: " in str(fault)
    assert said in str(fault)


def test_a_narrower_set_may_stand_before_a_wider_one(tmp_path):
    narrow = "name: b, kind: hosts, because: B., prefix: avd-big-"
    found = load_plan(written(tmp_path, with_fallbacks(narrow, SPARE + ", prefix: avd-"))).plan
    assert [one.name for one in found.capacity.fallbacks] == ["b", "spare"]


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"wave": {"size": 5, "every": "30s"}}, True),
        ({"wave": {"size": 0, "every": "30s"}}, False),
        ({"fallbacks": [{"name": "a", "kind": "hosts", "because": "A.", "prefix": "a"}]}, True),
        ({"fallbacks": [{"name": "a", "kind": "zones", "because": "A.", "prefix": "a"}]}, False),
        ({"fallbacks": [{"name": "a", "kind": "hosts", "prefix": "a"}]}, False),
        ({"minimum_success_pct": 101}, False),
        ({"surprise": 1}, False),
    ],
)
def test_the_schema_for_editors_knows_the_ladder(tmp_path, change, fits):
    data = json.loads(json.dumps(load(written(tmp_path, PLAN)).data))
    data["capacity"] |= change
    assert jsonschema.Draft202012Validator(_schema("plan")).is_valid(data) is fits
