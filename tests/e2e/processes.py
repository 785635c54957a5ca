"""The installed command line and a simulated Azure as real processes, on real sockets and files."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "avd_failover"]
LONGEST_S = 240.0
"""A bound that ends a hanging test; no test measures by it."""


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Station:
    """A person's machine: a home for journals, an environment, and the commands typed there."""

    home: Path
    endpoint: str | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AVD_FAILOVER_")}
        kept |= {"AVD_FAILOVER_HOME": str(self.home), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        if self.endpoint:
            kept |= {
                "AVD_FAILOVER_ARM_ENDPOINT": self.endpoint,
                "AVD_FAILOVER_GRAPH_ENDPOINT": self.endpoint,
            }
        return kept | self.extra

    def run(self, *arguments: str, stdin: str | None = None) -> Ended:
        """Run a command to its end."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=ROOT,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def begin(self, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Start a command; it is killed, by its own id, if it still runs when the block ends."""
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=LONGEST_S)

    def status(self) -> Any:
        """Return the status of the newest run."""
        return self.run("status", "--output", "json").json()


@dataclass
class Azure:
    """A simulated Azure in a process of its own."""

    url: str

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def mend(self) -> None:
        """Take every fault away."""
        for fault in self.ask("/_sim/faults")["faults"]:
            end = urllib.request.Request(f"{self.url}/_sim/faults/{fault['id']}", method="DELETE")
            with urllib.request.urlopen(end, timeout=30) as answer:
                assert answer.status == 204

    def assignments(self, principal: str, part: str) -> list[dict[str, Any]]:
        """Return the assignments of a principal whose scope contains a word."""
        found: list[dict[str, Any]] = self.ask("/_sim/state")["role_assignments"]
        return [one for one in found if one["principal_id"] == principal and part in one["scope"]]


@contextmanager
def simulated_azure(
    scenario: str = "pooled-eu", *, speed: float = 300.0, port: int = 0, faults: tuple[str, ...] = ()
) -> Iterator[Azure]:
    """Serve a scenario until the block ends."""
    wrong = [word for fault in faults for word in ("--fault", fault)]
    serving = ["simulate", scenario, "--port", str(port), "--speed", str(speed), *wrong]
    process = subprocess.Popen(
        [*COMMAND, *serving, "--output", "json"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        yield Azure(json.loads(line)["arm_endpoint"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONGEST_S)


def wait_for(process: "subprocess.Popen[str]", words: str) -> str:
    """Read a process's progress until a line has these words; return that line."""
    assert process.stderr is not None
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        line = process.stderr.readline()
        if words in line:
            return line
        if not line and process.poll() is not None:
            break
    raise AssertionError(f"never said {words!r}")
