"""Plan files: names to ids, and every rule between their parts."""

import pytest

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.plan import BarrierProof, Notice, Policies, Side
from avd_failover.runbook.plan_file import load_plan
from tests.runbook.builders import ROOT, plan_faults, written

SHIPPED = (ROOT / "plans" / "pooled-eu.yaml").read_text()
SUBSCRIPTION = "5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001"
OTHER = "5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0009"
AVD = "providers/Microsoft.DesktopVirtualization"
NEU = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-avd-neu/{AVD}"


def changed(*swaps: tuple[str, str]) -> str:
    text = SHIPPED
    for old, new in swaps:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def test_the_shipped_plan_says_what_it_says():
    plan = load_plan(ROOT / "plans" / "pooled-eu.yaml").plan
    assert (plan.name, plan.pool, plan.runbook) == ("pooled-eu", PoolKind.POOLED, "pooled-failover")
    assert plan.primary.side is Side.PRIMARY
    assert plan.primary.region == "northeurope"
    assert plan.primary.host_pool == f"{NEU}/hostPools/hp-pooled-neu".lower()
    assert plan.secondary.scaling_plan == (
        f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-avd-weu"
        "/providers/microsoft.desktopvirtualization/scalingplans/sp-pooled-weu"
    )
    assert plan.primary.workspace == plan.secondary.workspace
    assert "/rg-avd-shared/" in plan.primary.workspace
    assert [(pair.name, [group.name for group in pair.groups]) for pair in plan.application_groups] == [
        ("DAG1", ["GRP1", "GRP2", "GRP3"]),
        ("APPG2", ["GRP1", "GRP2"]),
        ("APPG3", ["GRP2", "GRP3"]),
    ]
    assert plan.test_group is not None
    assert plan.test_group.id == "6a000000-0000-4000-8000-0000000000ff"
    assert (plan.capacity.seats, plan.objectives.rto_s, plan.objectives.rpo_s) == (60, 3600, 900)
    assert plan.policies == Policies()
    assert plan.notice is not None
    assert plan.notice.before_s == 300


def test_full_ids_may_stand_in_place_of_names(tmp_path):
    workspace = f"/subscriptions/{OTHER}/resourceGroups/RG/{AVD}/workspaces/ws"
    text = changed(
        ("host_pool: hp-pooled-neu", f"host_pool: {NEU}/hostPools/HP-Pooled-NEU"),
        ("workspace: {name: ws-pooled-eu, resource_group: rg-avd-shared}", f"workspace: {workspace}"),
        ("primary: dag1-neu", f"primary: {NEU}/applicationGroups/dag1-neu"),
    )
    plan = load_plan(written(tmp_path, text)).plan
    shipped = load_plan(ROOT / "plans" / "pooled-eu.yaml").plan
    assert plan.primary.host_pool == shipped.primary.host_pool
    assert plan.application_groups == shipped.application_groups
    assert plan.primary.workspace == workspace.lower()


def test_a_workspace_named_alone_lies_with_its_side(tmp_path):
    text = changed(("workspace: {name: ws-pooled-eu, resource_group: rg-avd-shared}", "workspace: ws"))
    plan = load_plan(written(tmp_path, text)).plan
    assert plan.primary.workspace == f"{NEU}/workspaces/ws".lower()


def test_what_may_be_left_out_has_safe_defaults(tmp_path):
    text = SHIPPED.split("# Safety numbers")[0].replace("    scaling_plan: sp-pooled-neu\n", "")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("test:"))
    plan = load_plan(written(tmp_path, text)).plan
    assert plan.policies == Policies()
    assert (plan.test_group, plan.notice, plan.primary.scaling_plan) == (None, None, None)


def test_safety_numbers_may_be_raised(tmp_path):
    text = changed(
        ("propagation: 11m", "propagation: 30m"),
        ("zero_looks: 2", "zero_looks: 3"),
        ("request_timeout: 30s", "request_timeout: 60s"),
        ("in_flight: 6m", "in_flight: 7m"),
        ("barrier: fastest", "barrier: settle"),
    )
    policies = load_plan(written(tmp_path, text)).plan.policies
    assert policies.barrier is BarrierProof.SETTLE
    assert (policies.propagation_s, policies.zero_looks, policies.in_flight_s) == (1800, 3, 420)


ASSIGNMENT = f"{NEU}/applicationGroups/dag1-neu/providers/Microsoft.Authorization/roleAssignments/{OTHER}"


def test_accepted_paths_are_ids_of_role_assignments(tmp_path):
    text = changed(("accepted_paths: []", f"accepted_paths: ['{ASSIGNMENT}']"))
    assert load_plan(written(tmp_path, text)).plan.accepted_paths == (ASSIGNMENT.lower(),)


FAULTS = [
    (
        "both sides in one region",
        ("region: westeurope", "region: northeurope"),
        "sides.secondary.region",
        "both sides are in northeurope",
    ),
    (
        "a region's long name",
        ("region: westeurope", "region: West Europe"),
        "sides.secondary.region",
        "did you mean westeurope?",
    ),
    (
        "one host pool for both",
        ("host_pool: hp-pooled-weu", f"host_pool: {NEU}/hostPools/HP-POOLED-NEU"),
        "sides.secondary.host_pool",
        "both sides name the host pool",
    ),
    (
        "an application group in two places",
        ("secondary: appg2-weu", "secondary: DAG1-WEU"),
        "application_groups.APPG2.secondary",
        "application_groups.DAG1.secondary has it already",
    ),
    (
        "an application group on both sides",
        ("secondary: dag1-weu", f"secondary: {NEU}/applicationGroups/dag1-neu"),
        "application_groups.DAG1.secondary",
        "application_groups.DAG1.primary has it already",
    ),
    (
        "an unknown group",
        ("groups: [GRP1, GRP2]", "groups: [GRP1, GPR2]"),
        "application_groups.APPG2.groups[1]",
        "unknown group 'GPR2'; allowed: GRP1, GRP2, GRP3; did you mean 'GRP2'?",
    ),
    (
        "a group named twice",
        ("groups: [GRP1, GRP2]", "groups: [GRP1, GRP1]"),
        "application_groups.APPG2.groups[1]",
        "the group 'GRP1' is used twice",
    ),
    (
        "two groups of one id",
        ("GRP3: 6a000000-0000-4000-8000-000000000003", "GRP3: 6A000000-0000-4000-8000-000000000001"),
        "groups.GRP3",
        "is used twice; groups.GRP1 has it already",
    ),
    (
        "a group that would stay behind",
        ("groups:\n", "groups:\n  GRP9: 6a000000-0000-4000-8000-000000000009\n"),
        "groups.GRP9",
        "holds no application group of this plan and would stay behind",
    ),
    (
        "a test group in production",
        ("4000-8000-0000000000ff", "4000-8000-000000000002"),
        "test.id",
        "the test group is 'GRP2', a production group",
    ),
    (
        "a test group of a production name",
        ("group: GRP-TEST", "group: GRP2"),
        "test.group",
        "the name of the production group 'GRP2'",
    ),
    (
        "a lowered settle time",
        ("propagation: 11m", "propagation: 10m"),
        "policies.propagation",
        "600s; allowed: at least 660s; safety numbers may be raised, not lowered",
    ),
    ("fewer looks", ("zero_looks: 2", "zero_looks: 1"), "policies.zero_looks", "1; allowed: at least 2"),
    (
        "closer looks",
        ("zero_apart: 30s", "zero_apart: 29s"),
        "policies.zero_apart",
        "29s; allowed: at least 30s",
    ),
    (
        "a shorter flight",
        ("in_flight: 6m", "in_flight: 5m"),
        "policies.in_flight",
        "300s; allowed: at least 360s",
    ),
    (
        "a flight shorter than its requests",
        ("request_timeout: 30s", "request_timeout: 2m"),
        "policies.in_flight",
        "at least 540s, twice request_timeout and five minutes",
    ),
    (
        "no time at all for a request",
        ("request_timeout: 30s", "request_timeout: 0s"),
        "policies.request_timeout",
        "more than nothing",
    ),
    ("no time at all to recover", ("rto: 1h", "rto: 0s"), "objectives.rto", "more than nothing"),
    ("no seats", ("seats: 60", "seats: 0"), "capacity.seats", "0 (a number); allowed: at least 1"),
    (
        "more than all hosts",
        ("minimum_hosts_pct: 100", "minimum_hosts_pct: 101"),
        "capacity.minimum_hosts_pct",
        "allowed: at most 100",
    ),
    (
        "a name in place of an object id",
        ("GRP3: 6a000000-0000-4000-8000-000000000003", "GRP3: Contractors"),
        "groups.GRP3",
        "'Contractors'; allowed: a GUID of the form",
    ),
    (
        "a GUID in braces",
        ("subscription: " + SUBSCRIPTION, "subscription: '{" + SUBSCRIPTION + "}'"),
        "sides.primary.subscription",
        "without braces",
    ),
    (
        "an id of another type",
        ("host_pool: hp-pooled-neu", f"host_pool: {NEU}/applicationGroups/dag1-neu"),
        "sides.primary.host_pool",
        "not the id of a hostpools resource",
    ),
    (
        "a resource group in place of a resource",
        ("primary: dag1-neu", f"primary: /subscriptions/{SUBSCRIPTION}/resourceGroups/rg"),
        "application_groups.DAG1.primary",
        "not the id of a applicationgroups resource",
    ),
    (
        "an id that climbs",
        ("host_pool: hp-pooled-neu", f"host_pool: {NEU}/hostPools/../x"),
        "sides.primary.host_pool",
        "not the id of a hostpools resource",
    ),
    (
        "an id with an escape",
        ("host_pool: hp-pooled-neu", f"host_pool: {NEU}/hostPools/a%2fb"),
        "sides.primary.host_pool",
        "not the id of a hostpools resource",
    ),
    (
        "an id in another subscription",
        (
            "host_pool: hp-pooled-neu",
            f"host_pool: {NEU.replace(SUBSCRIPTION, OTHER)}/hostPools/hp-pooled-neu",
        ),
        "sides.primary.host_pool",
        f"an id in subscription {OTHER}; allowed: one in {SUBSCRIPTION}",
    ),
    (
        "a name that is a path",
        ("primary: dag1-neu", "primary: dag1/../x"),
        "application_groups.DAG1.primary",
        "allowed: the name of a resource, or its full ARM id",
    ),
    (
        "a name that looks like another",
        ("primary: dag1-neu", "primary: d\u0430g1-neu"),
        "application_groups.DAG1.primary",
        "allowed: the name of a resource",
    ),
    (
        "a group name that looks like another",
        ("groups:\n", "groups:\n  GR\u03a11: 6a000000-0000-4000-8000-000000000009\n"),
        "groups.GR\u03a11",
        "allowed: text of the form",
    ),
    (
        "an accepted path that is no assignment",
        ("accepted_paths: []", "accepted_paths: [/subscriptions/x]"),
        "accepted_paths[0]",
        "not the id of a role assignment",
    ),
    (
        "a plan name that is a path",
        ("plan: pooled-eu", "plan: ../pooled"),
        "plan",
        "'../pooled'; allowed: text of the form",
    ),
    (
        "an unknown kind of pool",
        ("pool: pooled", "pool: poled"),
        "pool",
        "allowed: pooled, personal; did you mean 'pooled'?",
    ),
    ("a duration without its unit", ("rto: 1h", "rto: 60"), "objectives.rto", "durations carry a unit"),
    (
        "a misspelt key",
        ("scaling_plan: sp-pooled-neu", "scalingplan: sp-pooled-neu"),
        "sides.primary.scalingplan",
        "did you mean 'scaling_plan'?",
    ),
    (
        "a misspelt key of a workspace",
        (
            "{name: ws-pooled-eu, resource_group: rg-avd-shared}",
            "{name: w, resource_group: r, subscripton: x}",
        ),
        "sides.primary.workspace.subscripton",
        "did you mean 'subscription'?",
    ),
    (
        "a workspace without its resource group",
        ("{name: ws-pooled-eu, resource_group: rg-avd-shared}", "{name: w}"),
        "sides.primary.workspace",
        "the key 'resource_group' is missing",
    ),
    (
        "no groups at all",
        ("groups: [GRP1, GRP2]", "groups: []"),
        "application_groups.APPG2.groups",
        "at least 1 entries",
    ),
]


@pytest.mark.parametrize(
    ("swap", "path", "says"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_a_broken_rule_is_one_fault_at_the_place_to_mend(tmp_path, swap, path, says):
    text = changed(swap)
    (fault,) = plan_faults(tmp_path, text)
    assert fault.path == path
    assert says in str(fault)
    assert path.rsplit(".", 1)[-1].split("[")[0] in text.splitlines()[fault.line - 1]


def test_a_name_needs_a_place_to_be_looked_up_in(tmp_path):
    faults = plan_faults(tmp_path, changed(("    resource_group: rg-avd-weu\n", "")))
    assert {fault.path for fault in faults} == {
        "sides.secondary.host_pool",
        "sides.secondary.scaling_plan",
        *(f"application_groups.{name}.secondary" for name in ("DAG1", "APPG2", "APPG3")),
    }
    assert all("side secondary has no resource_group; allowed: a full ARM id" in str(f) for f in faults)


def test_a_workspace_without_any_subscription_has_no_id(tmp_path):
    text = changed((f"    subscription: {SUBSCRIPTION}\n", ""))
    assert "sides.primary.workspace" in {fault.path for fault in plan_faults(tmp_path, text)}


def test_faults_of_shape_and_of_rules_are_told_together_where_they_can_be(tmp_path):
    text = changed(
        ("summary:", "sumary:"),
        ("region: westeurope", "region: northeurope"),
        ("groups: [GRP2, GRP3]", "groups: [GRP2, GRP4]"),
        ("zero_looks: 2", "zero_looks: 0"),
    )
    assert [fault.path for fault in plan_faults(tmp_path, text)] == [
        "sumary",
        "sides.secondary.region",
        "application_groups.APPG3.groups[1]",
        "policies.zero_looks",
    ]


def test_the_digest_is_of_the_meaning_and_not_of_the_layout(tmp_path):
    shipped = load_plan(ROOT / "plans" / "pooled-eu.yaml").sha256
    relaid = "\n".join(line for line in SHIPPED.splitlines() if not line.startswith("#")).replace(
        "11m", "660s"
    )
    assert load_plan(written(tmp_path, relaid)).sha256 == shipped
    assert load_plan(written(tmp_path, changed(("seats: 60", "seats: 61")))).sha256 != shipped


def test_a_notice_is_kept_word_for_word(tmp_path):
    text = (
        SHIPPED.split("notice:")[0] + "notice:\n  before: 10m\n  title: '$(x) %s'\n  body: |\n    a\n    b\n"
    )
    notice = load_plan(written(tmp_path, text)).plan.notice
    assert notice == Notice(before_s=600, title="$(x) %s", body="a\nb\n")
