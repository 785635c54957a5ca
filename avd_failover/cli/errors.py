"""Foreseen ends of a command: a message with the place, the next thing to try, and the exit code."""

from avd_failover.cli.exits import ExitCode


class Quit(Exception):  # noqa: N818 - an end of the process, not always an error
    """End the process with this code, after saying why and what to type next."""

    def __init__(self, code: ExitCode, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.next_step = next_step
