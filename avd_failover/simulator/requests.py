"""Requests from outside, written down so that a world can be made again from them.

A world is a function of (scenario, seed, requests): the verbs marked ``external`` hand each call to
``RequestLog`` before they run, with the moment and every argument, and ``replay`` calls them again.
Readings of role assignments are external too, since the audit asks what an actor had been shown.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from avd_failover.simulator.core import Core
from avd_failover.simulator.refusals import ArmRefusal

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call of an external verb: ``area.verb``, its arguments as JSON values, and the world's moment."""

    at_s: float
    verb: str
    arguments: dict[str, Any]


@dataclass
class RequestLog:
    """Hands each request to ``on_request`` before it runs; a face that may restart keeps them in a file."""

    on_request: Callable[[Request], None] | None = None
    _silent: bool = False

    def note(self, request: Request) -> None:
        """Hand a request on, unless nobody listens."""
        if self.on_request is not None and not self._silent:
            self.on_request(request)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Note nothing meanwhile: what the world does by itself, it will do again by itself."""
        before, self._silent = self._silent, True
        try:
            yield
        finally:
            self._silent = before


class Part:
    """One area of the world's verbs, over the shared core."""

    area = ""

    def __init__(self, core: Core, log: RequestLog) -> None:
        self.core = core
        self.log = log


A = TypeVar("A", bound=Part)


def external(verb: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], T]:
    """Mark a verb that faces call, so that its calls are written down. Arguments must be JSON values."""
    signature = inspect.signature(verb)

    @functools.wraps(verb)
    def noted(part: A, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if part.log.on_request is not None:  # binding costs more than most verbs
            arguments = signature.bind(part, *args, **kwargs).arguments
            arguments.pop("self")
            name = f"{part.area}.{verb.__name__}"
            part.log.note(Request(at_s=part.core.now_s, verb=name, arguments=arguments))
        return verb(part, *args, **kwargs)

    noted.is_external = True  # type: ignore[attr-defined]
    return noted


_NONSENSE = (ValueError, KeyError)
"""What a request to add or remove a fault ends in when it makes no sense; it did nothing then either."""


class Replayable(Protocol):
    """A world, as far as a replay needs one."""

    def advance(self, to_s: float) -> None:
        """Run what is due."""
        ...

    def part(self, area: str) -> Part:
        """Return the part with that name."""
        ...


def replay(world: Replayable, entries: Iterable[Request]) -> None:
    """Bring a freshly built world to where the recorded one stood after its last request.

    Raises:
        ValueError: An entry names a verb that no face can call.
    """
    for entry in entries:
        world.advance(entry.at_s)
        area, _, name = entry.verb.partition(".")
        verb = getattr(world.part(area), name, None)
        if not getattr(verb, "is_external", False):
            raise ValueError(f"the simulator has no verb {entry.verb!r}")
        try:
            verb(**entry.arguments)  # type: ignore[misc]
        except (ArmRefusal, *_NONSENSE):
            continue
