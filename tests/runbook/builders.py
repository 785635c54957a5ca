"""Files and a small catalogue for the tests of this room."""

from pathlib import Path

import pytest

from avd_failover.domain.graph import Catalogue, OperationSpec, SettingSpec
from avd_failover.domain.plan import End
from avd_failover.runbook.faults import Fault, FileFaults
from avd_failover.runbook.plan_file import load_plan
from avd_failover.runbook.runbook_file import load_runbook

ROOT = Path(__file__).parents[2]
BOTH = (End.SOURCE, End.TARGET)

CATALOGUE: Catalogue = {
    spec.name: spec
    for spec in (
        OperationSpec(name="checks.readiness", summary="Check."),
        OperationSpec(
            name="hosts.drain",
            summary="Drain.",
            ends=BOTH,
            changes=("host.logons",),
            settings={
                "wave": SettingSpec(kind="integer", summary="Hosts at once."),
                "share": SettingSpec(kind="percent", summary="Share of hosts."),
                "pause": SettingSpec(kind="duration", summary="Between waves."),
                "note": SettingSpec(kind="text", summary="For the report."),
                "force": SettingSpec(kind="flag", summary="Even when busy."),
            },
        ),
        OperationSpec(
            name="notify.users",
            summary="Tell.",
            ends=(End.SOURCE,),
            settings={"title": SettingSpec(kind="text", summary="Title.", required=True)},
        ),
        OperationSpec(name="assignments.revoke", summary="R.", ends=BOTH, changes=("assignment.revoke",)),
        OperationSpec(name="assignments.grant", summary="G.", ends=BOTH, changes=("assignment.grant",)),
        OperationSpec(name="barrier", summary="B."),
    )
}


def written(folder: Path, text: str | bytes, name: str = "file.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def plan_faults(folder: Path, text: str) -> tuple[Fault, ...]:
    with pytest.raises(FileFaults) as caught:
        load_plan(written(folder, text))
    return caught.value.faults


def runbook_faults(folder: Path, text: str) -> tuple[Fault, ...]:
    with pytest.raises(FileFaults) as caught:
        load_runbook(written(folder, text), CATALOGUE)
    return caught.value.faults
