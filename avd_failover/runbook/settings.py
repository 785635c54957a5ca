"""Settings of a step, ``with:`` in a runbook, read by what their operation accepts."""

from collections.abc import Mapping

from avd_failover.domain.filling import NAMES, strangers
from avd_failover.domain.graph import Given, OperationSpec, SettingSpec
from avd_failover.runbook import durations
from avd_failover.runbook.faults import Path, described, listed, nearest, printable, quoted
from avd_failover.runbook.outward import OUTWARD, outward
from avd_failover.runbook.yaml_file import Findings

_ALLOWED = {
    "duration": durations.ALLOWED,
    "integer": "a whole number",
    "percent": "a number from 0 to 100",
    "text": "text",
    "texts": "a list of texts",
    "flag": "true or false",
    **OUTWARD,
}


def settings_of(
    findings: Findings, path: Path, spec: OperationSpec, stated: Mapping[str, Given]
) -> dict[str, Given]:
    """Return the settings, durations in seconds, in the file's order; note what is wrong with them."""
    for name, known in spec.settings.items():
        if known.required and name not in stated:
            findings.add(path, f"{spec.name} requires the setting {quoted(name)}", allowed=known.summary)
    accepted: dict[str, Given] = {}
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


def _accepted(findings: Findings, path: Path, wanted: SettingSpec, value: Given) -> Given | None:
    hint = ""
    try:
        setting = _read(wanted.kind, value)
    except durations.MalformedDurationError as error:
        setting, hint = None, error.hint
    if setting is None:
        shown = list(value) if isinstance(value, tuple) else value
        findings.add(path, described(shown), allowed=_ALLOWED[wanted.kind], hint=hint)
    elif wanted.choices and setting not in wanted.choices:
        findings.add(path, described(value), allowed=" or ".join(str(choice) for choice in wanted.choices))
    elif names := _strange(wanted, setting):
        found = f"{printable(names[0])} is no name that may stand here"
        findings.add(path, found, allowed=" ".join(f"${{{name}}}" for name in NAMES))
    return setting


def _strange(wanted: SettingSpec, setting: Given) -> list[str]:
    """Return the names in a text that mean nothing; where none may stand, nothing is taken for one."""
    if not wanted.filled:
        return []
    texts = setting if isinstance(setting, tuple) else (str(setting),)
    return [name for text in texts for name in strangers(text)]


def _read(kind: str, value: Given) -> Given | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case "duration":
            return durations.seconds(value)
        case "percent" if isinstance(value, int | float):
            return value if number and 0 <= float(value) <= 100 else None
        case "integer":
            return value if number and isinstance(value, int) else None
        case "flag":
            return value if isinstance(value, bool) else None
        case "text":
            return value if isinstance(value, str) else None
        case "texts":
            return value if isinstance(value, tuple) else None
        case _:
            return outward(kind, value)
