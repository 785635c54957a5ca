"""A fault as one word of a command line: ``name``, or ``name:key=value,key=value``."""

import re
from typing import Any

from avd_failover.simulator.faults.base import FaultSpec
from avd_failover.simulator.faults.catalogue import BY_NAME, read_fault

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WORDS = {"true": True, "false": False}


def parse_fault(text: str) -> FaultSpec:
    """Return the fault that a word names; several values of one key are joined by ``+``.

    Raises ``ValueError`` that says what is wrong and how it is written.
    """
    name, _, rest = text.partition(":")
    spec: dict[str, Any] = {"fault": name.strip()}
    for part in rest.split(",") if rest.strip() else ():
        field, equals, value = part.partition("=")
        if not equals or not field.strip() or not value.strip():
            raise ValueError(f"{part.strip()!r} is no key=value: write name:key=value,key=value")
        if field.strip() in spec:
            raise ValueError(f"{field.strip()!r} is given twice")
        spec[field.strip()] = _value(name.strip(), field.strip(), value.strip())
    return read_fault(spec)


def _value(fault: str, field: str, text: str) -> object:
    row = BY_NAME.get(fault)
    info = row.model_fields.get(field) if row else None
    if info is not None and "tuple" in str(info.annotation):
        return [_scalar(part) for part in text.split("+")]
    if info is not None and info.annotation is str:
        return text
    return _scalar(text)


def _scalar(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
