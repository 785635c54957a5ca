"""Foreseen failures of every command, each with its exit code and the next command to try."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.home import AmbiguousRunError, UnknownRunError
from avd_failover.journal.lease import LockedError
from avd_failover.journal.store import DamagedJournalError, ForkedJournalError, JournalError
from avd_failover.journal.witness_leases import UnreachableWitnessError
from avd_failover.report.words import brief
from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.find import NotFoundError


@contextmanager
def failures(plan: str = "PLAN") -> Iterator[None]:
    """Turn what may go wrong outside the engine into an end of the process; ``plan`` is what was typed."""
    try:
        yield
    except LockedError as fault:
        raise Quit(ExitCode.LOCKED, str(fault), next_step="failover runs") from fault
    except (UnknownRunError, AmbiguousRunError) as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover runs") from fault
    except (FileFaults, NotFoundError) as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover validate") from fault
    except UnreachableWitnessError as fault:
        raise Quit(
            ExitCode.FAILED,
            f"Nothing was sent: {fault}",
            next_step="the same again, once the witness answers",
        ) from fault
    except DamagedJournalError as fault:
        raise Quit(
            ExitCode.FAILED,
            f"The journal is damaged, so nothing was sent: {fault}",
            next_step="failover journal verify",
        ) from fault
    except (JournalError, UnfitPlaceError) as fault:
        raise Quit(
            ExitCode.FAILED,
            f"The journal cannot be used, so nothing was sent: {fault}",
            next_step=_way_on(fault),
        ) from fault
    except CloudError as fault:
        raise Quit(
            ExitCode.FAILED, f"Azure: {brief(fault.message)}", next_step=_remedy(fault, plan)
        ) from fault
    except OSError as fault:
        if fault.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EPERM}:
            raise
        raise Quit(
            ExitCode.FAILED,
            f"{fault.filename or 'disk'}: {fault.strerror}; nothing was sent",
            next_step="failover runs    once there is room and the right to write there",
        ) from fault


def _way_on(fault: Exception) -> str:
    """A journal that went another way is put right by a person: its place, or a choice."""
    if isinstance(fault, ForkedJournalError):
        return "failover journal choose --help    if the right one is nowhere to be put back"
    return "failover runs"


def _remedy(fault: CloudError, plan: str) -> str:
    if isinstance(fault, RefusedError) and fault.status in {401, 403}:
        return f"az login    to sign in, or give the right named: failover permissions --plan {plan}"
    if isinstance(fault, RefusedError):
        return "failover validate    then compare the ids in the plan with what Azure says above"
    return f"the same again; if a region is dark: failover --plan {plan} --mode unplanned"
