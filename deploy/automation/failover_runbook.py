"""Azure Automation runbook (Python 3.11 or newer, hybrid worker): run one failover command as a job.

Parameters, in order: WHAT PLAN [OPTION ...]. WHAT is failover, back, drill or check; options go to the
command as they are, such as ``--hold 30m``. Settings are environment variables of the worker or, where there
is none, Automation variables of the same name:

    AVD_FAILOVER_CLIENT_ID  client id of the user-assigned identity to act as, or the word system
    AVD_FAILOVER_DRILL_CLIENT_ID  the same for drills, where they have an identity of their own
    AVD_FAILOVER_HOME       folder for journals: absolute, on a local disk that survives a restart
    AVD_FAILOVER_PLANS      folder of plans (likewise _RUNBOOKS)
    AVD_FAILOVER_PYTHON     interpreter that the package is installed in, where not the one of the job
    AVD_FAILOVER_RUN_KEY    name of this start where no Automation job gives one, such as drill-2026-11

A worker that restarts runs its job again from the beginning. The run key is the job's id, so the second time
the same run goes on, or its result is told again when it had finished; nothing is ever begun twice. The
package runs in this process: when the job dies, so does the run, and its lease is free to be taken up.

Stdout is JSON, one object a line: progress as it comes, the command's result, and last what the job's end
means. The exit code is the command's; Automation calls a job Completed for 0 and Failed for any other.
"""

import io
import json
import os
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

COMMANDS = {"failover": (), "back": ("back",), "drill": ("drill",), "check": ("check",)}
STARTS = frozenset({"failover", "back", "drill"})
"""Commands that begin a run, and so need a key and a word that nobody is there to be asked."""

SETTINGS = (
    "AVD_FAILOVER_CLIENT_ID",
    "AVD_FAILOVER_DRILL_CLIENT_ID",
    "AVD_FAILOVER_HOME",
    "AVD_FAILOVER_PLANS",
    "AVD_FAILOVER_RUNBOOKS",
    "AVD_FAILOVER_PYTHON",
    "AVD_FAILOVER_RUN_KEY",
)
JOB_ID = "AUTOMATION_JOB_ID"
"""Set by the worker, and the same again when it runs the job again."""

SYSTEM = "system"
"""Stands for the system-assigned identity, so that leaving the setting out is no choice."""

BAD_INPUT = 2
MEANINGS = {
    0: "done, or nothing to do",
    1: "failed",
    2: "bad usage, plan or runbook",
    3: "held: stopped safely and waiting for a person; it goes on with 'failover resume'",
    4: "refused by an interlock; nothing was changed",
    5: "another run holds the pool pair",
    70: "a defect of the package; its report is named above",
    130: "interrupted; the same job started again goes on",
}


class UnfitError(Exception):
    """The job cannot be run as it is set up; the message says what to change."""


def main(arguments: list[str], environment: MutableMapping[str, str], out: TextIO) -> int:
    """Run one command and return its exit code; everything is told on ``out``."""
    complete(environment, automation_variables())
    again_elsewhere(environment, arguments)
    try:
        choose_identity(environment, drill=arguments[:1] == ["drill"])
        check_home(environment)
        command = command_for(arguments, environment)
    except UnfitError as fault:
        return end(out, BAD_INPUT, str(fault))
    client = environment["AVD_FAILOVER_CLIENT_ID"] or SYSTEM
    say(out, "identity chosen", identity=environment["AVD_FAILOVER_IDENTITY"], client_id=client)
    say(out, "job started", command=["failover", *command])
    result, code = perform(command, out)
    if result is not None:
        say(out, "result", result=result)
    return end(out, code)


def complete(environment: MutableMapping[str, str], variables: Mapping[str, str]) -> None:
    """Take from Automation's variables what the worker's own do not say."""
    for name in SETTINGS:
        if not environment.get(name, "").strip() and variables.get(name, "").strip():
            environment[name] = variables[name]


def again_elsewhere(environment: MutableMapping[str, str], arguments: list[str]) -> None:
    """Become the interpreter that has the package, in this very process; return where this is it."""
    wanted = environment.get("AVD_FAILOVER_PYTHON", "")
    if wanted and Path(wanted).absolute() != Path(sys.executable).absolute():
        os.execve(wanted, [wanted, __file__, *arguments], dict(environment))  # noqa: S606 - no shell


def choose_identity(environment: MutableMapping[str, str], *, drill: bool) -> None:
    """Act as one managed identity that somebody named, never as whoever the worker offers."""
    client = environment.get("AVD_FAILOVER_CLIENT_ID", "").strip()
    if drill:
        client = environment.get("AVD_FAILOVER_DRILL_CLIENT_ID", "").strip() or client
    if not client:
        raise UnfitError(f"AVD_FAILOVER_CLIENT_ID must name the managed identity to act as, or be: {SYSTEM}")
    environment["AVD_FAILOVER_IDENTITY"] = "managed-identity"
    environment["AVD_FAILOVER_CLIENT_ID"] = "" if client == SYSTEM else client


def check_home(environment: Mapping[str, str]) -> None:
    """Refuse journals in a folder that a worker makes for one job and removes with it."""
    if not Path(environment.get("AVD_FAILOVER_HOME", "")).is_absolute():
        raise UnfitError("AVD_FAILOVER_HOME must name a folder that outlives the job, as an absolute path")


def command_for(arguments: list[str], environment: Mapping[str, str]) -> list[str]:
    """Return the arguments for the command line, with the key that makes a restart harmless."""
    if len(arguments) < 2 or arguments[0] not in COMMANDS:
        raise UnfitError(f"parameters: WHAT PLAN [OPTION ...], where WHAT is {', '.join(COMMANDS)}")
    what, plan, *options = arguments
    if any(option.partition("=")[0] in {"--run-key", "--yes", "--simulate"} for option in options):
        raise UnfitError("--run-key, --yes and --simulate are not for a job to choose")
    command = [*COMMANDS[what], "--plan", plan, *options, "--output", "json"]
    if what not in STARTS:
        return command
    key = environment.get("AVD_FAILOVER_RUN_KEY", "").strip() or environment.get(JOB_ID, "").strip()
    if not key:
        raise UnfitError(f"neither {JOB_ID} nor AVD_FAILOVER_RUN_KEY is set: a restart could not go on")
    return [*command, "--log-format", "json", "--yes", "--run-key", f"{what}-{key}"]


def automation_variables() -> dict[str, str]:
    """Read the settings that Automation holds; none where this is no Automation job."""
    try:
        import automationassets  # type: ignore[import-not-found]  # noqa: PLC0415 - on workers only
    except ImportError:
        return {}
    found: dict[str, str] = {}
    for name in SETTINGS:
        try:
            found[name] = str(automationassets.get_automation_variable(name))
        except automationassets.AutomationAssetNotFound:
            continue
    return found


def perform(command: list[str], out: TextIO) -> tuple[object, int]:
    """Run the package's command line in this process: progress goes to ``out``, the result comes back."""
    from avd_failover.cli.main import run  # noqa: PLC0415 - after the interpreter was chosen

    told = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stderr(Lines(out)), redirect_stdout(told):
        code = int(run(command))
    told.seek(0)
    text = told.read().strip()
    try:
        return json.loads(text) if text else None, code
    except ValueError:
        return text, code


class Lines(io.TextIOBase):
    """Progress of the command line: JSON passes as it is, other words are wrapped, one line each."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._half = ""

    def write(self, text: str, /) -> int:
        """Take some text; whole lines are told at once."""
        *lines, self._half = (self._half + text).split("\n")
        for line in filter(None, map(str.strip, lines)):
            if is_object(line):
                self._out.write(line + "\n")
                self._out.flush()
            else:
                say(self._out, "said", text=line)
        return len(text)


def is_object(line: str) -> bool:
    """Tell whether a line is one JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def say(out: TextIO, event: str, **told: object) -> None:
    """Write one line of the job's stream."""
    out.write(json.dumps({"event": event, **told}) + "\n")
    out.flush()


def end(out: TextIO, code: int, because: str = "") -> int:
    """Tell what the exit code means, and what Automation will call the job."""
    meaning = because or MEANINGS.get(code, "ended by a signal or a defect")
    say(out, "job ended", exit_code=code, job="Completed" if code == 0 else "Failed", meaning=meaning)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, sys.stdout))
