"""Extensions and owners of personal desktops: written down before, put again and compared afterwards."""

import pytest
from msgspec.structs import replace

from avd_failover.domain.actions import StartMachine
from avd_failover.domain.desks import Stand
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import InstallExtension
from avd_failover.operations.base import AfterRefusal, NotYet, Proven, Stuck, Tried
from avd_failover.operations.personal_extensions import (
    IMAGE,
    ApplyExtensions,
    ExtensionsSeen,
    RecordExtensions,
)
from avd_failover.operations.personal_owners import OWNER, OwnersSeen, ProveOwners, RecordOwners
from tests.domain.test_desks import HOST, NOW, TARGET, desk
from tests.operations.test_personal import bound, seen, whole

MONITOR = VmExtension(name="Monitor", publisher="Microsoft.Azure.Monitor", type="Agent", version="1.0")
DSC = VmExtension(name="Join", publisher="Microsoft.Powershell", type="DSC", version="2.73")
MOVED = replace(desk(Stand.COMMITTED), host=replace(HOST, machine=TARGET))


def applying():
    step = Step(
        id="apply", uses="personal.extensions-apply", side=End.TARGET, settings={"recorded_by": "record"}
    )
    return ApplyExtensions(replace(bound(), step=step))


def installed(*found, state="Succeeded"):
    return whole(InstalledExtension(image=image, state=state) for image in found)


def look(found, *, images=(MONITOR,), tried=()):
    return ExtensionsSeen(
        desks=seen(MOVED, tried=tried, points=False), installed={"vm-1": found}, images={"vm-1": images}
    )


def test_what_is_on_a_machine_is_written_down_whole():
    verdict = RecordExtensions(bound()).prove([look(installed(MONITOR, DSC))])
    assert isinstance(verdict, Proven)
    facts = dict(verdict.facts)
    assert applying()._images(MOVED, facts) == (MONITOR,)
    assert '"Join"' in str(facts[f"{IMAGE}vm-1"])


def test_what_a_dark_region_hides_is_named_and_the_plan_stands_in_for_it():
    verdict = RecordExtensions(bound()).prove([replace(look(None), installed={"vm-1": None})])
    assert isinstance(verdict, Proven)
    assert "nobody could say what is on 1 desktop" in verdict.because
    plan = applying().personal
    assert applying()._images(MOVED, verdict.facts) == plan.extensions


def test_what_lacks_is_put_and_what_is_there_is_left():
    (action,) = applying().plan(look(installed())).actions
    assert isinstance(action, InstallExtension)
    assert (action.id, action.location) == (f"{TARGET}/extensions/monitor", "westeurope")
    assert applying().plan(look(installed(MONITOR))).actions == ()
    assert applying().plan(look(installed(MONITOR, state="Creating"))).actions == ()
    assert len(applying().plan(look(installed(MONITOR, state="Failed"))).actions) == 1


def test_an_extension_holds_when_it_is_ready_and_one_that_azure_refuses_is_named():
    assert isinstance(applying().prove([look(installed(MONITOR))]), Proven)
    assert isinstance(applying().prove([look(installed(MONITOR, state="Creating"))]), NotYet)
    refused = Tried(target=f"{TARGET}/extensions/monitor", at=NOW, ended="refused", detail="no such handler")
    verdict = applying().prove([look(installed(), tried=[refused])])
    assert isinstance(verdict, Proven)
    assert "monitor on vm-1: no such handler" in verdict.because
    assert applying().plan(look(installed(), tried=[refused])).actions == ()


def test_a_refusal_of_one_extension_stops_no_other():
    action = StartMachine(machine=TARGET, reason="")
    assert applying().after(action, RefusedError("no", code="X")) is AfterRefusal.LEAVE


OWNED = replace(HOST, assigned_user="user-1")


def proving(hosts, before):
    return ProveOwners(bound()).prove([OwnersSeen(hosts=whole(hosts), before=before)])


def test_owners_are_marks_one_for_each_host():
    verdict = RecordOwners(bound()).prove([OwnersSeen(hosts=whole([OWNED]))])
    assert isinstance(verdict, Proven)
    assert verdict.facts == {f"{OWNER}pd-1.c.test": "user-1"}


@pytest.mark.parametrize(
    ("hosts", "before", "same"),
    [
        ([OWNED], {"pd-1.c.test": "user-1"}, True),
        ([HOST], {"pd-1.c.test": ""}, True),
        ([OWNED], {"pd-1.c.test": "user-2"}, False),
        ([HOST], {"pd-1.c.test": "user-1"}, False),
        ([], {"pd-1.c.test": "user-1"}, False),
        ([OWNED], {}, False),
    ],
)
def test_every_desktop_is_whose_it_was_or_is_named(hosts, before, same):
    verdict = proving(hosts, before)
    assert isinstance(verdict, Proven if same else Stuck)
    assert same or "pd-1.c.test" in verdict.because


def test_an_incomplete_listing_proves_nothing_about_owners():
    gap = OwnersSeen(hosts=replace(whole([OWNED]), complete=False, gap="page 2"))
    assert isinstance(RecordOwners(bound()).prove([gap]), NotYet)
    assert isinstance(ProveOwners(bound()).prove([gap]), NotYet)
