"""Logs on stderr: lines for people, or one JSON object a line; the journal too when JSON is asked for.

Everything passes one sink, the lines of libraries as well, and there secrets, addresses of people and
control characters are taken out (safety 4.3). While the live view has the terminal, the sink keeps lines
back and writes them when it is done.
"""

import logging
import sys
from collections import deque
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TextIO

import msgspec
import structlog

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment, kind_of
from avd_failover.domain.clock import Clock
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import (
    ActionEnded,
    ActionIntended,
    Entry,
    Event,
    Outcome,
    RunEnded,
    RunPinned,
    StepEnded,
)
from avd_failover.journal.state import RunState
from avd_failover.report.gap import GapWatch
from avd_failover.report.redaction import redact_field
from avd_failover.report.words import SIMULATED, plain

SILENT = ("azure",)
"""Libraries whose every fault is raised and told by us; some of them log it too, with a traceback."""

CHATTY = ("aiohttp", "asyncio", "httpx", "kiota", "msal", "urllib3")
"""Libraries that tell of every request below warnings."""

LINES_KEPT = 1000

LEAD = ("timestamp", "level", "event")
"""Fields that begin a line."""

_Fields = MutableMapping[str, Any]


class Sink:
    """Where log lines go: stderr, whatever that is at the moment; or nowhere until the terminal is free."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._kept: deque[str] | None = None

    def write(self, text: str) -> None:
        """Write or keep; what cannot be written is dropped, for a run does not end with its terminal."""
        if self._kept is not None:
            self._kept.append(text)
            return
        stream = self._stream or sys.stderr
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()
        except (OSError, ValueError):
            return

    def flush(self) -> None:
        """Do nothing: every write is flushed."""

    @contextmanager
    def kept_back(self) -> Iterator[None]:
        """Keep the last lines back until the end of the block."""
        self._kept = deque(maxlen=LINES_KEPT)
        try:
            yield
        finally:
            kept, self._kept = self._kept, None
            for text in kept or ():
                self.write(text)


SINK = Sink()


def configure(log_format: str = "text", level: str | None = None, sink: Sink = SINK) -> None:
    """Send every log line of this process to the sink as ``text`` or ``json``.

    Without a level, JSON has ``info`` and above, text ``warning`` and above: the screen tells the rest.
    """
    lowest = logging.getLevelNamesMapping()[
        (level or ("info" if log_format == "json" else "warning")).upper()
    ]
    render = structlog.processors.JSONRenderer() if log_format == "json" else _text
    after = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, safe, render]
    handler = logging.StreamHandler(sink)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_before(), processors=after),
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(lowest)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(lowest, logging.WARNING))
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_before(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _before() -> list[structlog.typing.Processor]:
    """Return what is added to our lines and to those of libraries alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]


def mark_simulated(scenario: str | None) -> None:
    """Let every log line from here on say that the Azure is simulated, and by which scenario."""
    structlog.contextvars.unbind_contextvars("simulated")
    if scenario is not None:
        structlog.contextvars.bind_contextvars(simulated=scenario)


def safe(_logger: object, _name: str, fields: _Fields) -> _Fields:
    """Take secrets, people and control characters out of a line, at any depth; when and what come first."""
    ordered = {key: fields[key] for key in LEAD if key in fields} | dict(fields)
    return {plain(key): _plainly(redact_field(key, value)) for key, value in ordered.items()}


def _plainly(value: object) -> object:
    match value:
        case str():
            return plain(value)
        case dict():
            return {plain(str(key)): _plainly(item) for key, item in value.items()}
        case list():
            return [_plainly(item) for item in value]
        case _:
            return value


def _text(_logger: object, _name: str, fields: _Fields) -> str:
    mark = f"{SIMULATED} " if fields.pop("simulated", None) is not None else ""
    head = f"{mark}{fields.pop('timestamp', '')} {fields.pop('level', '')}: {fields.pop('event', '')}"
    return " ".join([head, *(f"{key}={value}" for key, value in fields.items())])


class LogProgress:
    """A Progress that writes each entry of the journal as one structured line.

    ``event`` is the entry's type, ``at`` its time on the run's clock. With a clock, an access gap that goes
    over its budget is told at the next look of any waiting step; without one, at the next entry.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._log = structlog.get_logger("failover")
        self._state: RunState | None = None
        self._gap = GapWatch()

    def entry(self, entry: Entry, state: RunState) -> None:
        """Write the entry as a line."""
        self._state = state
        event = entry.event
        fields = {"run": state.run, "seq": entry.seq, "at": entry.at.isoformat(), **_fields(event)}
        self._write(_level(event), str(event.__struct_config__.tag), fields)
        if self._gap.open or _cuts_or_gives(event, state):
            self._look_at_gap(entry.at)

    def waiting(self, step: str, because: str, until: datetime) -> None:
        """Look whether the access gap went over its budget; the wait itself is an entry of its own."""
        if self._clock is not None and self._gap.open:
            self._look_at_gap(self._clock.now())

    def say(self, line: str) -> None:
        """Write a line of one's own."""
        self._write(logging.INFO, line, {"run": self._state.run if self._state else None})

    def close(self) -> None:
        """Do nothing: a line is written when it is told."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look_at_gap(self, now: datetime) -> None:
        if self._state is None or (gap := self._gap.look(self._state, now)) is None:
            return
        fields = {"run": self._state.run, "at": now.isoformat(), **msgspec.to_builtins(gap)}
        turn = "began" if not gap.over else "over-budget"
        self._write(
            logging.WARNING if gap.open or gap.over else logging.INFO,
            f"access-gap.{turn if gap.open else 'ended'}",
            fields,
        )

    def _write(self, level: int, event: str, fields: dict[str, Any]) -> None:
        simulated = self._state.pinned.simulated if self._state else None
        mark = {} if simulated is None else {"simulated": simulated}
        self._log.log(level, event, **mark, **fields)


def _fields(event: Event) -> dict[str, Any]:
    match event:
        case RunPinned():
            return _pinned(event)
        case ActionIntended():
            return {"step": event.step, "n": event.n, "action": _action(event.action)}
        case _:
            told: dict[str, Any] = msgspec.to_builtins(event)
            del told["type"]
            return told


def _pinned(event: RunPinned) -> dict[str, Any]:
    """Return the head of a run; the whole plan is in the journal."""
    route = event.route
    return {
        "engine": event.engine,
        "plan": route.plan.name,
        "runbook": event.graph.runbook,
        "direction": route.direction,
        "mode": route.mode.value,
        "scope": route.scope,
        "plan_sha256": event.plan_sha256,
        "runbook_sha256": event.runbook_sha256,
        "arm_endpoint": event.arm_endpoint,
        "graph_endpoint": event.graph_endpoint,
        "holder": msgspec.to_builtins(event.holder),
    }


def _action(action: Action) -> dict[str, str]:
    return {"kind": kind_of(action), "target": action.target, "reason": action.reason}


def _level(event: Event) -> int:
    match event:
        case RunEnded(status=RunStatus.FAILED) | StepEnded(status=StepStatus.FAILED):
            return logging.ERROR
        case RunEnded(status=RunStatus.HELD | RunStatus.REFUSED | RunStatus.INTERRUPTED):
            return logging.WARNING
        case StepEnded(status=StepStatus.HELD | StepStatus.DEBT):
            return logging.WARNING
        case ActionEnded(outcome=Outcome.TRANSIENT | Outcome.REFUSED | Outcome.UNKNOWN):
            return logging.WARNING
        case _:
            return logging.INFO


def _cuts_or_gives(event: Event, state: RunState) -> bool:
    if not isinstance(event, ActionEnded):
        return isinstance(event, StepEnded)
    return isinstance(state.attempts[event.n].action, RevokeAssignment | GrantAssignment)
