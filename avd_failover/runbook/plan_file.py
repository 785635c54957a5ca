"""Load a plan file: shape, then names to ids, then what must hold between the parts. All faults at once."""

from pathlib import Path as FilePath

from msgspec import Struct

from avd_failover.domain import ids
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.ids import GroupId
from avd_failover.domain.plan import (
    HALF_YEAR_S,
    ApplicationGroupPair,
    Notice,
    Objectives,
    Plan,
    Policies,
    Profiles,
    Side,
    SidePlan,
    UserGroup,
)
from avd_failover.runbook.capacity_models import capacity_of
from avd_failover.runbook.digest import digest_of
from avd_failover.runbook.faults import nearest, printable, quoted
from avd_failover.runbook.personal_file import personal_plan
from avd_failover.runbook.personal_models import PersonalPlanEntry
from avd_failover.runbook.plan_checks import check_any_plan, check_plan
from avd_failover.runbook.plan_models import PlanEntry, PoliciesEntry
from avd_failover.runbook.resources import Resources
from avd_failover.runbook.witness_file import check_witness, witness_of
from avd_failover.runbook.yaml_file import Findings, fit, load


class PlanFile(Struct, frozen=True, kw_only=True):
    """A plan as a file says it, with the digest that names it in journals."""

    plan: Plan
    sha256: str


def load_plan(path: FilePath | str) -> PlanFile:
    """Return the plan in a file.

    Raises:
        FileFaults: The file cannot be read, or what it says is no valid plan.
    """
    findings = Findings(load(path))
    data = findings.document.data
    personal = isinstance(data, dict) and data.get("pool") == PoolKind.PERSONAL.value
    plan = _personal(findings) if personal else _pooled(findings)
    if plan is not None:
        check_witness(findings, plan)
    findings.raise_any()
    if plan is None:
        raise AssertionError("a plan that does not fit has faults")
    return PlanFile(plan=plan, sha256=digest_of(plan))


def _pooled(findings: Findings) -> Plan | None:
    entry = fit(findings, PlanEntry)
    if entry is None:
        return None
    plan = _Compiler(findings, entry).plan()
    check_plan(findings, plan, entry.groups)
    return plan


def _personal(findings: Findings) -> Plan | None:
    entry = fit(findings, PersonalPlanEntry)
    if entry is None:
        return None
    plan = personal_plan(findings, entry, _policies(entry.policies))
    check_any_plan(findings, plan)
    return plan


class _Compiler:
    """Turns a file's entries into domain values, noting what does not resolve."""

    def __init__(self, findings: Findings, entry: PlanEntry) -> None:
        self._findings = findings
        self._entry = entry
        self._on = {
            Side.PRIMARY: Resources(findings, entry.sides.primary, ("sides", "primary")),
            Side.SECONDARY: Resources(findings, entry.sides.secondary, ("sides", "secondary")),
        }

    def plan(self) -> Plan:
        entry = self._entry
        return Plan(
            name=entry.plan,
            summary=entry.summary,
            pool=entry.pool,
            runbook=entry.runbook,
            primary=self._side(Side.PRIMARY),
            secondary=self._side(Side.SECONDARY),
            application_groups=tuple(self._pair(name) for name in entry.application_groups),
            capacity=capacity_of(entry.capacity),
            objectives=Objectives(rto_s=entry.objectives.rto, rpo_s=entry.objectives.rpo),
            runbooks=entry.runbooks.model_dump(exclude_none=True),
            test_group=self._test_group(),
            drill_every_s=entry.test.every if entry.test else HALF_YEAR_S,
            notice=self._notice(),
            profiles=Profiles(**entry.profiles.model_dump()),
            policies=_policies(entry.policies),
            accepted_paths=tuple(self._accepted()),
            witness=witness_of(self._findings, entry.witness),
        )

    def _side(self, side: Side) -> SidePlan:
        entry = self._entry.sides.primary if side is Side.PRIMARY else self._entry.sides.secondary
        return SidePlan(
            side=side,
            region=entry.region,
            host_pool=self._on[side].host_pool(),
            workspace=self._on[side].workspace(),
            scaling_plan=self._on[side].scaling_plan(),
        )

    def _pair(self, name: str) -> ApplicationGroupPair:
        entry, path = self._entry.application_groups[name], ("application_groups", name)
        return ApplicationGroupPair(
            name=name,
            primary=self._on[Side.PRIMARY].application_group(entry.primary, (*path, "primary")),
            secondary=self._on[Side.SECONDARY].application_group(entry.secondary, (*path, "secondary")),
            groups=tuple(
                group
                for index, text in enumerate(entry.groups)
                if (group := self._group(text, (*path, "groups", index))) is not None
            ),
        )

    def _group(self, name: str, path: tuple[str | int, ...]) -> UserGroup | None:
        known = self._entry.groups
        if name in known:
            return UserGroup(name=name, id=ids.group_id(known[name]))
        allowed = ", ".join(printable(each) for each in known)
        self._findings.add(path, f"unknown group {quoted(name)}", allowed=allowed, hint=nearest(name, known))
        return None

    def _test_group(self) -> UserGroup | None:
        test = self._entry.test
        return None if test is None else UserGroup(name=test.group, id=GroupId(ids.group_id(test.id)))

    def _notice(self) -> Notice | None:
        notice = self._entry.notice
        if notice is None:
            return None
        return Notice(
            before_s=notice.before, title=notice.title, body=notice.body, reminders_s=notice.reminders
        )

    def _accepted(self) -> list[str]:
        accepted: list[str] = []
        for index, text in enumerate(self._entry.accepted_paths):
            try:
                accepted.append(ids.assignment_id(text))
            except ids.MalformedIdError as error:
                self._findings.add(("accepted_paths", index), printable(str(error)))
        return accepted


def _policies(entry: PoliciesEntry) -> Policies:
    return Policies(
        barrier=entry.barrier,
        propagation_s=entry.propagation,
        zero_looks=entry.zero_looks,
        zero_apart_s=entry.zero_apart,
        request_timeout_s=entry.request_timeout,
        in_flight_s=entry.in_flight,
        fence_s=entry.fence,
        approvers=entry.approvers,
        hold_down_s=entry.hold_down,
        crash_limit=entry.crash_limit,
    )
