"""Settings of steps that reach outside: literal, absolute, and told with their place when they are not."""

from pathlib import Path

import pytest

from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.outward import OUTWARD, outward
from avd_failover.runbook.runbook_file import load_runbook
from avd_failover.runbook.settings import _ALLOWED
from tests.runbook.builders import written

HEAD = "runbook: test\npool: pooled\nsteps:\n"
COMMAND = "  - {id: dns, uses: command, with: {argv: [/opt/dns, switch], idempotent: true}}\n"
WEBHOOK = "  - {id: tell, uses: webhook, with: {url: 'https://h.test/x', idempotent: false}}\n"
GATE = "  - {id: ask, uses: gate, with: {instruction: Look.}}\n"


def loaded(folder: Path, steps: str) -> dict[str, object]:
    return dict(load_runbook(written(folder, HEAD + steps), CATALOGUE).graph.steps[0].settings)


def fault(folder: Path, steps: str) -> str:
    with pytest.raises(FileFaults) as caught:
        load_runbook(written(folder, HEAD + steps), CATALOGUE)
    (found,) = caught.value.faults
    return str(found).split(" ", 1)[1]


def test_a_command_is_a_list_of_texts_word_for_word(tmp_path: Path) -> None:
    hostile = "'; rm -rf / $(id) `id` | > {0.__class__} %s @x -- -rf'"
    read = loaded(tmp_path, COMMAND.replace("switch", f"switch, {hostile}, '${{plan.name}}'"))
    assert read["argv"] == ("/opt/dns", "switch", hostile.strip("'"), "${plan.name}")


WRONG = [
    (
        COMMAND,
        "argv: [/opt/dns, switch]",
        "argv: dns",
        "steps[0].with.argv: 'dns'; allowed: a list of texts that",
    ),
    (
        COMMAND,
        "[/opt/dns, switch]",
        "[dns, switch]",
        "steps[0].with.argv: a list of 2; allowed: a list of texts",
    ),
    (COMMAND, "[/opt/dns, switch]", "[]", "steps[0].with.argv: a list of 0"),
    (COMMAND, "[/opt/dns, switch]", "[/opt/../bin/sh]", "steps[0].with.argv: a list of 1"),
    (COMMAND, "[/opt/dns, switch]", "['/opt/${plan.name}']", "steps[0].with.argv: a list of 1"),
    (
        COMMAND,
        "switch",
        "'${home}'",
        "steps[0].with.argv: ${home} is no name that may stand here; allowed: ${run}",
    ),
    (COMMAND, "switch", "'${run'", "steps[0].with.argv: ${ is no name that may stand here"),
    (COMMAND, ", idempotent: true", "", "steps[0].with: command requires the setting 'idempotent'"),
    (
        COMMAND,
        "idempotent: true",
        "idempotent: 'yes'",
        "steps[0].with.idempotent: 'yes'; allowed: true or false",
    ),
    (
        COMMAND,
        "true}",
        "true, environment: [PATH, LD_PRELOAD]}",
        "steps[0].with.environment: a list of 2; allowed: a",
    ),
    (COMMAND, "true}", "true, environment: ['A=1']}", "steps[0].with.environment: a list of 1"),
    (COMMAND, "true}", "true, environment: [PYTHONPATH]}", "steps[0].with.environment: a list of 1"),
    (COMMAND, "true}", "true, timeout: 60}", "steps[0].with.timeout: 60 (a number); allowed: a duration"),
    (COMMAND, "true}", "true, shell: true}", "steps[0].with.shell: unknown setting 'shell' of command"),
    (COMMAND, "true}", "true, cwd: /tmp}", "steps[0].with.cwd: unknown setting 'cwd' of command"),
    (
        WEBHOOK,
        "https://h.test/x",
        "http://h.test/x",
        "steps[0].with.url: 'http://h.test/x'; allowed: an https",
    ),
    (WEBHOOK, "https://h.test/x", "https://h.test/x?sig=s", "steps[0].with.url: "),
    (WEBHOOK, "https://h.test/x", "https://${plan.name}/x", "steps[0].with.url: "),
    (
        WEBHOOK,
        "false}",
        "false, bearer_from: 'a b'}",
        "steps[0].with.bearer_from: 'a b'; allowed: the name of an",
    ),
    (WEBHOOK, "false}", "false, status_path: 'https://evil.test/'}", "steps[0].with.status_path: "),
    (WEBHOOK, "false}", "false, status_path: //evil.test/}", "steps[0].with.status_path: "),
    (WEBHOOK, "false}", "false, headers: x}", "steps[0].with.headers: unknown setting 'headers' of webhook"),
    (GATE, "Look.}", "Look., approvals: 3}", "steps[0].with.approvals: 3 (a number); allowed: 1 or 2"),
    (GATE, "Look.}", "Look., who: ann}", "steps[0].with.who: 'ann'; allowed: a list of texts"),
    (GATE, "Look.}", "'Look at ${env.PATH}'}", "steps[0].with.instruction: ${env.PATH} is no name"),
    (GATE, "instruction: Look.", "who: [ann]", "steps[0].with: gate requires the setting 'instruction'"),
]


@pytest.mark.parametrize(("step", "old", "new", "says"), WRONG)
def test_what_may_not_stand_there_is_told_with_its_place(
    tmp_path: Path, step: str, old: str, new: str, says: str
) -> None:
    assert old in step
    assert fault(tmp_path, step.replace(old, new)).startswith(says)


def test_a_list_of_anything_but_texts_is_refused_by_its_shape(tmp_path: Path) -> None:
    with pytest.raises(FileFaults) as caught:
        load_runbook(written(tmp_path, HEAD + COMMAND.replace("switch", "7")), CATALOGUE)
    assert "steps[0].with.argv" in str(caught.value)


@pytest.mark.parametrize("step", [COMMAND, WEBHOOK, GATE])
def test_what_is_sound_is_taken(tmp_path: Path, step: str) -> None:
    assert loaded(tmp_path, step)


def test_every_kind_of_setting_says_what_it_allows() -> None:
    kinds = {one.kind for spec in CATALOGUE.values() for one in spec.settings.values()}
    assert set(OUTWARD) <= kinds
    assert kinds <= set(_ALLOWED)
    assert outward("url", ("https://h.test/",)) is None
    assert outward("program", "/bin/sh") is None
    assert outward("program", ("/bin/sh", "a\0b")) is None
