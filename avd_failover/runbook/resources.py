"""Names in a plan file to ids: a name is looked up on its side, a full id is checked and taken as it is."""

import re
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from avd_failover.domain import ids
from avd_failover.runbook.faults import Path, printable, quoted
from avd_failover.runbook.plan_models import SideEntry, WorkspaceEntry
from avd_failover.runbook.yaml_file import Findings

IdT = TypeVar("IdT", bound=str)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._()-]{0,89}")
_AVD = "Microsoft.DesktopVirtualization"


class Place(Protocol):
    """Where names are looked up."""

    @property
    def subscription(self) -> str | None:
        """Subscription of what is named without one."""
        ...

    @property
    def resource_group(self) -> str | None:
        """Resource group of what is named without one."""
        ...


class Resources:
    """Resolves what one side names. What cannot be resolved is noted and comes back as an empty id."""

    def __init__(self, findings: Findings, side: SideEntry, path: Path) -> None:
        self._findings = findings
        self._side = side
        self._path = path
        self._names = Names(findings, side, path)

    def host_pool(self) -> ids.HostPoolId:
        """Return the id of the side's host pool."""
        return self._id(self._side.host_pool, (*self._path, "host_pool"), "hostPools", ids.host_pool_id)

    def scaling_plan(self) -> ids.ScalingPlanId | None:
        """Return the id of the side's scaling plan, if it has one."""
        if (name := self._side.scaling_plan) is None:
            return None
        return self._id(name, (*self._path, "scaling_plan"), "scalingPlans", ids.scaling_plan_id)

    def application_group(self, text: str, path: Path) -> ids.ApplicationGroupId:
        """Return the id of an application group on this side."""
        return self._id(text, path, "applicationGroups", ids.application_group_id)

    def workspace(self) -> ids.WorkspaceId:
        """Return the id of the side's workspace, which may lie in another subscription."""
        entry, path = self._side.workspace, (*self._path, "workspace")
        if isinstance(entry, str):
            return self._id(entry, path, "workspaces", ids.workspace_id, anywhere=True)
        return self._in_group(entry, path)

    def _in_group(self, entry: WorkspaceEntry, path: Path) -> ids.WorkspaceId:
        subscription = entry.subscription or self._side.subscription
        if subscription is None:
            self._findings.add(path, "a name, but no subscription to look it up in")
            return ids.WorkspaceId("")
        lies_in = f"/subscriptions/{subscription}/resourceGroups/{entry.resource_group}"
        wanted = f"{lies_in}/providers/{_AVD}/workspaces/{entry.name}"
        return self._names.checked(wanted, path, ids.workspace_id)

    def _id(
        self, text: str, path: Path, kind: str, fold: Callable[[str], IdT], *, anywhere: bool = False
    ) -> IdT:
        return self._names.id(text, path, f"{_AVD}/{kind}", fold, anywhere=anywhere)


class Names:
    """Resolves names of whatever kind that are looked up in one place."""

    def __init__(self, findings: Findings, place: Place, path: Path) -> None:
        self._findings = findings
        self._place = place
        self._path = path

    def vault(self, text: str, path: Path) -> ids.VaultId:
        """Return the id of a Recovery Services vault."""
        return self.id(text, path, "Microsoft.RecoveryServices/vaults", ids.vault_id)

    def reservation_group(self, text: str, path: Path) -> ids.ReservationGroupId:
        """Return the id of a capacity reservation group."""
        kind = "Microsoft.Compute/capacityReservationGroups"
        return self.id(text, path, kind, ids.reservation_group_id)

    def storage_account(self, text: str, path: Path) -> str:
        """Return the id of a storage account."""
        return self.id(text, path, "Microsoft.Storage/storageAccounts", ids.storage_account_id)

    def id(
        self, text: str, path: Path, kind: str, fold: Callable[[str], IdT], *, anywhere: bool = False
    ) -> IdT:
        """Return an id by name or in full; ``kind`` is its provider and type."""
        if text.startswith("/"):
            found = self.checked(text, path, fold)
            if found and not anywhere:
                self._same_subscription(found, path)
            return found
        return self.checked(self._spelled_out(text, path, kind), path, fold)

    def _spelled_out(self, name: str, path: Path, kind: str) -> str:
        side = self._place
        missing = [key for key in ("subscription", "resource_group") if getattr(side, key) is None]
        if missing:
            where = f"side {self._path[-1]} has no {' and no '.join(missing)}"
            self._findings.add(path, f"the name {quoted(name)}, but {where}", allowed="a full ARM id")
            return ""
        if not _NAME.fullmatch(name):
            self._findings.add(path, quoted(name), allowed="the name of a resource, or its full ARM id")
            return ""
        return (
            f"/subscriptions/{side.subscription}/resourceGroups/{side.resource_group}/providers/{kind}/{name}"
        )

    def checked(self, text: str, path: Path, fold: Callable[[str], IdT]) -> IdT:
        """Return a full id folded, or an empty one where it is none."""
        try:
            return fold(text) if text else cast("IdT", "")
        except ids.MalformedIdError as error:
            found, _, wanted = str(error).partition("; wanted ")
            self._findings.add(path, printable(found), allowed=wanted)
            return cast("IdT", "")

    def _same_subscription(self, found: str, path: Path) -> None:
        stated = self._place.subscription
        if stated is not None and ids.subscription_of(found) != stated:
            other = f"an id in subscription {ids.subscription_of(found)}"
            self._findings.add(path, other, allowed=f"one in {stated}, as side {self._path[-1]} states")
