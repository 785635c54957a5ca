"""Settings of a step, ``with:`` in a runbook, checked against what its operation accepts."""

from collections.abc import Mapping

from avd_failover.domain.graph import OperationSpec, Setting, SettingSpec
from avd_failover.runbook import durations
from avd_failover.runbook.faults import Path, described, listed, nearest, quoted
from avd_failover.runbook.yaml_file import Findings

_ALLOWED = {
    "duration": durations.ALLOWED,
    "integer": "a whole number",
    "percent": "a number from 0 to 100",
    "text": "text",
    "flag": "true or false",
}


def settings_of(
    findings: Findings, path: Path, spec: OperationSpec, stated: Mapping[str, Setting]
) -> dict[str, Setting]:
    """Return the settings, durations in seconds, in the file's order; note what is wrong with them."""
    for name, known in spec.settings.items():
        if known.required and name not in stated:
            findings.add(path, f"{spec.name} requires the setting {quoted(name)}", allowed=known.summary)
    accepted: dict[str, Setting] = {}
    for name, value in stated.items():
        if (wanted := spec.settings.get(name)) is None:
            _unknown(findings, (*path, name), spec, name)
        elif (setting := _accepted(findings, (*path, name), wanted, value)) is not None:
            accepted[name] = setting
    return accepted


def _unknown(findings: Findings, path: Path, spec: OperationSpec, name: str) -> None:
    known = list(spec.settings)
    found = f"unknown setting {quoted(name)} of {spec.name}"
    allowed = listed(known) if known else "none, it takes no settings"
    findings.add(path, found, allowed=allowed, hint=nearest(name, known), at_key=True)


def _accepted(findings: Findings, path: Path, wanted: SettingSpec, value: Setting) -> Setting | None:
    hint = ""
    try:
        setting = _read(wanted.kind, value)
    except durations.MalformedDurationError as error:
        setting, hint = None, error.hint
    if setting is None:
        findings.add(path, described(value), allowed=_ALLOWED[wanted.kind], hint=hint)
    return setting


def _read(kind: str, value: Setting) -> Setting | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "duration":
            return durations.seconds(value)
        case "percent":
            return value if number and 0 <= float(value) <= 100 else None
        case "integer":
            return value if number and isinstance(value, int) else None
        case "flag":
            return value if isinstance(value, bool) else None
        case _:
            return value if isinstance(value, str) else None
