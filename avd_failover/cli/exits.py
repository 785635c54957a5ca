"""Exit codes of the command line: a contract with schedulers and with tired people."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process's end says; README has the same table."""

    DONE = 0
    """Done, or nothing to do."""
    FAILED = 1
    BAD_INPUT = 2
    """Bad usage, plan, runbook or scenario."""
    HELD = 3
    """Stopped safely, waiting for a person."""
    REFUSED = 4
    """An interlock refused; nothing was changed."""
    LOCKED = 5
    """Another run holds the pool pair."""
    OUR_BUG = 70
    INTERRUPTED = 130
    """Stopped on request; resumable."""
