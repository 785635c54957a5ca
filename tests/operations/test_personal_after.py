"""Extensions of personal desktops, put again, and owners, compared before and after."""

import pytest
from msgspec.structs import replace

from avd_failover.domain.actions import StartMachine
from avd_failover.domain.desk_images import IMAGE, KEPT, figure, filed
from avd_failover.domain.desks import Stand
from avd_failover.domain.extensions import InstalledExtension, VmExtension
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import InstallExtension
from avd_failover.operations.base import AfterRefusal, NotYet, Proven, Stuck, Tried
from avd_failover.operations.personal_extensions import ApplyExtensions, ExtensionsSeen
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


def test_what_was_written_down_is_put_but_for_what_the_disk_remembers():
    written = {IMAGE + filed(MOVED): figure([MONITOR, DSC])}
    assert applying()._images(MOVED, written) == (MONITOR,)


def test_an_earlier_image_stands_in_and_without_any_the_plans_list():
    kept = {KEPT + filed(MOVED): figure([DSC])}
    assert applying()._images(MOVED, kept) == ()
    assert applying()._images(MOVED, {}) == applying().personal.extensions != ()


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
    ("hosts", "before", "says"),
    [
        ([OWNED], {"pd-1.c.test": "user-1"}, ""),
        ([HOST], {"pd-1.c.test": ""}, ""),
        ([OWNED], {"pd-1.c.test": "user-2"}, "pd-1.c.test is somebody else's now"),
        ([OWNED], {"pd-1.c.test": ""}, "pd-1.c.test was nobody's and is somebody's now"),
        ([HOST], {"pd-1.c.test": "user-1"}, "pd-1.c.test is nobody's now"),
        ([], {"pd-1.c.test": "user-1"}, "pd-1.c.test is not there any more"),
        ([OWNED], {}, "pd-1.c.test is new"),
    ],
)
def test_every_desktop_is_whose_it_was_or_is_named_with_what_became_of_it(hosts, before, says):
    verdict = proving(hosts, before)
    assert isinstance(verdict, Stuck if says else Proven)
    assert says in verdict.because


def test_each_of_many_desktops_that_changed_hands_is_named():
    before = {f"pd-{n}.c.test": "user-1" for n in range(20)}
    verdict = proving([], before)
    assert isinstance(verdict, Stuck)
    assert all(name in verdict.because for name in before)


def test_an_incomplete_listing_proves_nothing_about_owners():
    gap = OwnersSeen(hosts=replace(whole([OWNED]), complete=False, gap="page 2"))
    assert isinstance(RecordOwners(bound()).prove([gap]), NotYet)
    assert isinstance(ProveOwners(bound()).prove([gap]), NotYet)
