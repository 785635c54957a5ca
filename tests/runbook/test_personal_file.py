"""Plans of personal desktops: one pool, two regions, a vault; every fault named at its place."""

import json

import jsonschema
import pytest

from avd_failover.domain import ids
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.personal_plan import SAFE_TO_LOSE, PointPolicy
from avd_failover.domain.plan import Side
from avd_failover.domain.replication import Direction
from avd_failover.runbook.personal_models import plan_schema
from avd_failover.runbook.plan_file import load_plan
from avd_failover.runbook.yaml_file import load
from tests.runbook.builders import ROOT, plan_faults, written

SUB = "5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0011"
PLAN = f"""\
plan: own-desks
pool: personal
runbook: personal-failover
desktops:
  subscription: {SUB}
  resource_group: rg-pool
  host_pool: hp-own
  workspace: {{name: ws-own, resource_group: rg-shared}}
sides:
  primary: {{region: northeurope, subscription: {SUB}, resource_group: rg-neu, cache_account: stneu}}
  secondary:
    region: westeurope
    subscription: {SUB}
    resource_group: rg-weu
    cache_account: stweu
    reservation_group: crg-weu
recovery:
  vault: rsv-weu
objectives: {{rto: 1h, rpo: 15m}}
"""


def loaded(folder, text=PLAN):
    return load_plan(written(folder, text)).plan


def test_both_sides_name_the_one_pool_and_the_lock_is_that_pool(tmp_path):
    plan = loaded(tmp_path)
    assert plan.pool is PoolKind.PERSONAL
    assert plan.primary.host_pool == plan.secondary.host_pool == plan.pool_pair
    assert plan.pool_pair.endswith(
        "/resourcegroups/rg-pool/providers/microsoft.desktopvirtualization/hostpools/hp-own"
    )
    assert (plan.on(Side.PRIMARY).region, plan.on(Side.SECONDARY).region) == ("northeurope", "westeurope")


def test_names_are_looked_up_where_they_lie(tmp_path):
    personal = loaded(tmp_path).personal
    assert personal is not None
    assert personal.vault.endswith(
        "/resourcegroups/rg-weu/providers/microsoft.recoveryservices/vaults/rsv-weu"
    )
    assert personal.primary.cache_account.endswith(
        "/rg-neu/providers/microsoft.storage/storageaccounts/stneu"
    )
    assert personal.secondary.cache_account.endswith(
        "/rg-weu/providers/microsoft.storage/storageaccounts/stweu"
    )
    assert personal.primary.reservation_group is None
    assert str(personal.secondary.reservation_group).endswith("/capacityreservationgroups/crg-weu")


def test_what_is_left_out_is_as_the_contract_has_it(tmp_path):
    personal = loaded(tmp_path).personal
    assert personal is not None
    assert (personal.point, personal.minimum_success_pct) == (PointPolicy.LATEST_PROCESSED, 100)
    assert personal.leave_out == SAFE_TO_LOSE
    assert personal.failback_direction is Direction.PRIMARY_TO_RECOVERY


def test_policies_and_extensions_are_taken_as_stated(tmp_path):
    more = """\
  point: latest_application_consistent
  minimum_success_pct: 90
  waves: [[vm-a, vm-b], ["vm-c*"]]
  stuck_after: 30m
  leave_out: [Contoso.Tools/Agent]
  extensions:
    - {name: Monitor, publisher: Microsoft.Azure.Monitor, type: Agent, version: "1.0", settings: {b: 1, a: x}}
"""
    personal = loaded(tmp_path, PLAN.replace("  vault: rsv-weu\n", f"  vault: rsv-weu\n{more}")).personal
    assert personal is not None
    assert personal.point is PointPolicy.LATEST_APPLICATION_CONSISTENT
    assert (personal.stuck_after_s, personal.leave_out) == (1800.0, ("contoso.tools/agent",))
    assert personal.extensions[0].settings == '{"a":"x","b":1}'
    waves = [personal.wave_of(name) for name in ("VM-A", "vm-b", "vm-c7", "vm-c", "other")]
    assert waves == [0, 0, 1, 1, 2]


FAULTS = [
    ("westeurope", "northeurope", "sides.secondary.region", "both sides are in northeurope"),
    ("rsv-weu", "/subscriptions/x", "recovery.vault", "not the id of a vaults resource"),
    ("rsv-weu", "rsv weu", "recovery.vault", "'rsv weu'"),
    ("crg-weu", "c/r", "sides.secondary.reservation_group", "'c/r'"),
    ("  vault: rsv-weu", "  vault: rsv-weu\n  waves: [[a, A]]", "recovery.waves[0][1]", "named twice"),
    ("  vault: rsv-weu", "  vault: rsv-weu\n  waves: [[]]", "recovery.waves[0]", "a list of 0"),
    ("  vault: rsv-weu", "  vault: rsv-weu\n  waves: [['*']]", "recovery.waves[0][0]", "'*'"),
    ("  vault: rsv-weu", "  vault: rsv-weu\n  stuck_after: 0s", "recovery.stuck_after", "0s"),
    ("  vault: rsv-weu", "  vault: rsv-weu\n  points: latest", "recovery.points", "unknown key 'points'"),
    ("  vault: rsv-weu", "  vault: rsv-weu\n  minimum_success_pct: 0", "recovery.minimum_success_pct", "0"),
    ("  host_pool: hp-own", "  host_pools: hp-own", "desktops.host_pools", "unknown key 'host_pools'"),
    ("rto: 1h", "rto: 0s", "objectives.rto", "0s"),
    ("cache_account: stneu", "host_pool: hp2, cache_account: stneu", "sides.primary.host_pool", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "says"), FAULTS, ids=[str(n) for n in range(len(FAULTS))])
def test_every_fault_is_named_at_its_place(tmp_path, old, new, path, says):
    assert old in PLAN
    faults = plan_faults(tmp_path, PLAN.replace(old, new))
    assert [fault for fault in faults if fault.path == path and says in fault.found], faults


def test_a_lowered_safety_number_is_refused_as_for_any_plan(tmp_path):
    faults = plan_faults(tmp_path, PLAN + "policies: {in_flight: 1m}\n")
    assert [(fault.path, fault.found) for fault in faults] == [("policies.in_flight", "60s")]


def test_the_schema_takes_plans_of_either_kind(tmp_path):
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in (written(tmp_path, PLAN), ROOT / "plans" / "pooled-eu.yaml"):
        jsonschema.validate(json.loads(json.dumps(load(path).data)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(load(written(tmp_path, PLAN.replace("personal\n", "pooled\n"))).data, schema)


@pytest.mark.parametrize(("said", "wanted_s"), [("", 7 * 86_400.0), ("  images_within: 36h\n", 36 * 3600.0)])
def test_images_of_extensions_stand_in_for_a_week_unless_the_plan_says_otherwise(tmp_path, said, wanted_s):
    personal = loaded(tmp_path, PLAN.replace("  vault: rsv-weu\n", "  vault: rsv-weu\n" + said)).personal
    assert personal is not None
    assert personal.images_within_s == wanted_s


TOGETHER = PLAN.replace(
    "vault: rsv-weu\n",
    "vault: rsv-weu\n"
    "  plans:\n"
    "    - {name: rp-1, machines: [vm-1, vm-2]}\n"
    "    - {name: rp-2, machines: ['eng-*']}\n",
)


def test_recovery_plans_lie_in_the_plans_vault_and_mean_machines_by_name(tmp_path):
    personal = loaded(tmp_path, TOGETHER).personal
    assert [ids.name_of(one.plan) for one in personal.plans] == ["rp-1", "rp-2"]
    assert {ids.vault_of(one.plan) for one in personal.plans} == {personal.vault}
    first, second = personal.plans
    assert [first.means(name) for name in ("VM-1", "vm-2", "vm-20", "eng-1")] == [True, True, False, False]
    assert second.means("ENG-1")
    assert loaded(tmp_path).personal.plans == ()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("rp-2", "RP-1", "'RP-1' is named twice; recovery.plans[0].name has it already"),
        ("'eng-*'", "vm-2", "'vm-2' is named twice; recovery.plans[0].machines[1] has it already"),
        ("rp-2", "'rp 2'", "the name of a recovery plan of the vault"),
        ("['eng-*']", "[]", "recovery.plans[1].machines"),
    ],
)
def test_what_is_wrong_with_a_recovery_plan_is_told_at_its_place(tmp_path, before, after, says):
    text = TOGETHER.replace(before, after)
    assert says in "\n".join(map(str, plan_faults(tmp_path, text)))
