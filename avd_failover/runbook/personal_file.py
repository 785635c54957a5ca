"""From the entries of a personal plan to domain values: names to ids, then rules between the parts."""

from collections.abc import Iterator

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.extensions import VmExtension, canonical
from avd_failover.domain.ids import MalformedIdError, VaultId, recovery_plan_id
from avd_failover.domain.personal_plan import PersonalPlan, RecoverySide
from avd_failover.domain.plan import Capacity, Notice, Objectives, Plan, Policies, Side, SidePlan
from avd_failover.domain.recovery_plans import PlannedTogether
from avd_failover.runbook.faults import Path, path_text, quoted
from avd_failover.runbook.personal_models import PersonalPlanEntry, PersonalSideEntry
from avd_failover.runbook.plan_models import NoticeEntry, SideEntry
from avd_failover.runbook.resources import Names, Resources
from avd_failover.runbook.witness_file import witness_of
from avd_failover.runbook.yaml_file import Findings


def personal_plan(findings: Findings, entry: PersonalPlanEntry, policies: Policies) -> Plan:
    """Return the plan that the entries make; what does not resolve is noted."""
    desktops = _desktops(findings, entry)
    pool, workspace = desktops.host_pool(), desktops.workspace()
    _waves_once(findings, entry)
    _plans_once(findings, entry)
    return Plan(
        name=entry.plan,
        summary=entry.summary,
        pool=PoolKind.PERSONAL,
        runbook=entry.runbook,
        runbooks=entry.runbooks.model_dump(exclude_none=True),
        primary=SidePlan(
            side=Side.PRIMARY, region=entry.sides.primary.region, host_pool=pool, workspace=workspace
        ),
        secondary=SidePlan(
            side=Side.SECONDARY, region=entry.sides.secondary.region, host_pool=pool, workspace=workspace
        ),
        application_groups=(),
        capacity=Capacity(seats=0),
        objectives=Objectives(rto_s=entry.objectives.rto, rpo_s=entry.objectives.rpo),
        notice=_notice(entry.notice),
        policies=policies,
        personal=_personal(findings, entry),
        witness=witness_of(findings, entry.witness),
    )


def _desktops(findings: Findings, entry: PersonalPlanEntry) -> Resources:
    """Look names up as those of a side are: one pool serves both."""
    named = entry.desktops
    side = SideEntry(
        region=entry.sides.primary.region,
        subscription=named.subscription,
        resource_group=named.resource_group,
        host_pool=named.host_pool,
        workspace=named.workspace,
    )
    return Resources(findings, side, ("desktops",))


def _personal(findings: Findings, entry: PersonalPlanEntry) -> PersonalPlan:
    said = entry.recovery
    primary = Names(findings, entry.sides.primary, ("sides", "primary"))
    secondary = Names(findings, entry.sides.secondary, ("sides", "secondary"))
    vault = secondary.vault(said.vault, ("recovery", "vault"))
    return PersonalPlan(
        vault=vault,
        primary=_recovery_side(primary, entry.sides.primary, "primary"),
        secondary=_recovery_side(secondary, entry.sides.secondary, "secondary"),
        point=said.point,
        minimum_success_pct=said.minimum_success_pct,
        waves=said.waves,
        plans=tuple(_plans(findings, entry, vault)),
        stuck_after_s=said.stuck_after,
        leave_out=tuple(kind.lower() for kind in said.leave_out),
        extensions=tuple(_extensions(entry)),
        images_within_s=said.images_within,
        failback_direction=said.failback_direction,
    )


def _plans(findings: Findings, entry: PersonalPlanEntry, vault: VaultId) -> Iterator[PlannedTogether]:
    """Recovery plans lie in the plan's own vault, by name; where that is not known nothing is looked up."""
    for number, one in enumerate(entry.recovery.plans):
        try:
            plan = recovery_plan_id(f"{vault}/replicationRecoveryPlans/{one.name}")
        except MalformedIdError:
            if vault:
                place: Path = ("recovery", "plans", number, "name")
                findings.add(place, quoted(one.name), allowed="the name of a recovery plan of the vault")
        else:
            yield PlannedTogether(plan=plan, machines=one.machines)


def _recovery_side(names: Names, entry: PersonalSideEntry, name: str) -> RecoverySide:
    place: Path = ("sides", name)
    group = entry.reservation_group
    return RecoverySide(
        cache_account=names.storage_account(entry.cache_account, (*place, "cache_account")),
        reservation_group=names.reservation_group(group, (*place, "reservation_group")) if group else None,
    )


def _extensions(entry: PersonalPlanEntry) -> Iterator[VmExtension]:
    for one in entry.recovery.extensions:
        said = one.model_dump(exclude={"settings"})
        yield VmExtension(**said, settings=canonical(dict(one.settings)))


def _notice(entry: NoticeEntry | None) -> Notice | None:
    if entry is None:
        return None
    return Notice(before_s=entry.before, title=entry.title, body=entry.body, reminders_s=entry.reminders)


def _plans_once(findings: Findings, entry: PersonalPlanEntry) -> None:
    """No recovery plan is named twice, and no machine, or beginning of names, is in two of them."""
    first: dict[str, Path] = {}
    for number, one in enumerate(entry.recovery.plans):
        at: Path = ("recovery", "plans", number)
        named = ((one.name, (*at, "name")), *((m, (*at, "machines", i)) for i, m in enumerate(one.machines)))
        for word, path in named:
            known = first.setdefault(f"{path[3]} {word.lower()}", path)
            if known != path:
                findings.add(path, f"{quoted(word)} is named twice; {path_text(known)} has it already")


def _waves_once(findings: Findings, entry: PersonalPlanEntry) -> None:
    first: dict[str, Path] = {}
    for number, wave in enumerate(entry.recovery.waves):
        for position, pattern in enumerate(wave):
            path: Path = ("recovery", "waves", number, position)
            known = first.setdefault(pattern.lower(), path)
            if known != path:
                found = f"{quoted(pattern)} is named twice; {path_text(known)} has it already"
                findings.add(path, found)
    if entry.recovery.stuck_after <= 0:
        findings.add(("recovery", "stuck_after"), "0s", allowed="more than nothing")
