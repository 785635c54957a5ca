"""What must hold between the parts of a plan. Each rule notes its findings at the place to mend."""

from collections.abc import Mapping
from itertools import pairwise

from avd_failover.domain.notices import APART_S, PLACES, strange_places
from avd_failover.domain.plan import Plan, Policies, Side
from avd_failover.runbook.capacity_models import check_capacity
from avd_failover.runbook.faults import Path, path_text, quoted
from avd_failover.runbook.yaml_file import Findings

IN_FLIGHT_BEYOND_S = 300.0
"""What Azure may still do with a request after two time-outs (safety 1.1, T_inflight)."""

_FLOORS = {
    "propagation": "propagation_s",
    "zero_looks": "zero_looks",
    "zero_apart": "zero_apart_s",
    "in_flight": "in_flight_s",
}


def check_any_plan(findings: Findings, plan: Plan) -> None:
    """Note every rule that the plan breaks among those for pools of any kind."""
    _two_regions(findings, plan)
    _policies_raised(findings, plan.policies)
    _times(findings, plan)
    _countdown(findings, plan)


def check_plan(findings: Findings, plan: Plan, groups: Mapping[str, str]) -> None:
    """Note every rule that the plan breaks; ``groups`` are the names and ids that the file declares.

    Ids that did not resolve are empty and break no rule.
    """
    _two_regions(findings, plan)
    _two_pools(findings, plan)
    _resources_once(findings, plan)
    _groups_once(findings, plan, groups)
    _groups_hold(findings, plan, groups)
    _test_apart(findings, plan)
    _policies_raised(findings, plan.policies)
    _times(findings, plan)
    _countdown(findings, plan)
    _profiles_explained(findings, plan)
    check_capacity(findings, plan.capacity)


def _profiles_explained(findings: Findings, plan: Plan) -> None:
    if plan.profiles.mirrored and not plan.profiles.because.strip():
        hint = "say in 'because' what keeps them the same, such as Cloud Cache with both regions"
        findings.add(("profiles", "mirrored"), "profiles are mirrored, and nothing says by what", hint=hint)


def _countdown(findings: Findings, plan: Plan) -> None:
    """Note reminders out of order, and placeholders that there are not."""
    if (notice := plan.notice) is None:
        return
    for index, (before, after) in enumerate(pairwise(notice.marks_s)):
        if after < APART_S or after > before - APART_S:
            allowed = "each at least 1m, and at least 1m after the one before it"
            findings.add(("notice", "reminders", index), f"a reminder {after:.0f} s before", allowed=allowed)
    for key, text in (("title", notice.title), ("body", notice.body)):
        for place in strange_places(text):
            found = f"{quoted(place)} is no placeholder"
            findings.add(("notice", key), found, allowed=" ".join(PLACES))


def _two_regions(findings: Findings, plan: Plan) -> None:
    if plan.primary.region == plan.secondary.region:
        found = f"both sides are in {plan.primary.region}"
        hint = "zones are high availability, not disaster recovery"
        findings.add(("sides", "secondary", "region"), found, allowed="another region", hint=hint)


def _two_pools(findings: Findings, plan: Plan) -> None:
    if plan.primary.host_pool and plan.primary.host_pool == plan.secondary.host_pool:
        found = f"both sides name the host pool {quoted(plan.primary.host_pool)}"
        findings.add(("sides", "secondary", "host_pool"), found, allowed="a host pool of its own")


def _resources_once(findings: Findings, plan: Plan) -> None:
    places: list[tuple[str, Path]] = [
        (pair.on(side), ("application_groups", pair.name, side.value))
        for pair in plan.application_groups
        for side in Side
    ]
    _once(findings, places, "the application group")


def _groups_once(findings: Findings, plan: Plan, groups: Mapping[str, str]) -> None:
    _once(findings, [(group, ("groups", name)) for name, group in groups.items()], "the object id")
    for pair in plan.application_groups:
        path: Path = ("application_groups", pair.name, "groups")
        held: list[tuple[str, Path]] = [(g.name, (*path, index)) for index, g in enumerate(pair.groups)]
        _once(findings, held, "the group")


def _groups_hold(findings: Findings, plan: Plan, groups: Mapping[str, str]) -> None:
    holding = {group.name for pair in plan.application_groups for group in pair.groups}
    for name in groups:
        if name not in holding:
            found = f"{quoted(name)} holds no application group of this plan and would stay behind"
            hint = "name it in application_groups, or remove it"
            findings.add(("groups", name), found, hint=hint, at_key=True)


def _test_apart(findings: Findings, plan: Plan) -> None:
    test = plan.test_group
    if test is None:
        return
    for group in plan.groups:
        if test.id == group.id:
            found = f"the test group is {quoted(group.name)}, a production group"
            findings.add(("test", "id"), found, allowed="a group that holds no production access")
        elif test.name == group.name:
            findings.add(("test", "group"), f"the name of the production group {quoted(group.name)}")


def _policies_raised(findings: Findings, policies: Policies) -> None:
    defaults = Policies()
    for key, field in _FLOORS.items():
        stated, floor = getattr(policies, field), getattr(defaults, field)
        if stated < floor:
            _too_low(findings, key, stated, floor)
    least = 2 * policies.request_timeout_s + IN_FLIGHT_BEYOND_S
    if defaults.in_flight_s <= policies.in_flight_s < least:
        _too_low(findings, "in_flight", policies.in_flight_s, least, "twice request_timeout and five minutes")


def _too_low(findings: Findings, key: str, stated: float, floor: float, why: str = "") -> None:
    unit = "" if key == "zero_looks" else "s"
    allowed = f"at least {floor:g}{unit}{f', {why}' if why else ''}"
    hint = "safety numbers may be raised, not lowered"
    findings.add(("policies", key), f"{stated:g}{unit}", allowed=allowed, hint=hint)


def _times(findings: Findings, plan: Plan) -> None:
    stated = {
        ("objectives", "rto"): plan.objectives.rto_s,
        ("policies", "request_timeout"): plan.policies.request_timeout_s,
    }
    for path, time_s in stated.items():
        if time_s <= 0:
            findings.add(path, f"{time_s:g}s", allowed="more than nothing")


def _once(findings: Findings, places: list[tuple[str, Path]], what: str) -> None:
    first: dict[str, Path] = {}
    for value, path in places:
        if not value:
            continue
        if value in first:
            found = f"{what} {quoted(value)} is used twice; {path_text(first[value])} has it already"
            findings.add(path, found)
        first.setdefault(value, path)
