"""``extends``: what is merged, what is replaced, where faults are told, what is refused."""

from pathlib import Path

import pytest

from avd_failover.runbook.faults import FileFaults
from avd_failover.simulator.building import build
from avd_failover.simulator.records import Machine
from avd_failover.simulator.scenario import load_scenario, standalone

SMALL = (Path(__file__).parents[2] / "scenarios" / "small.yaml").read_text(encoding="utf-8")
HEAD = "scenario: top\nsummary: Another one.\nextends: base\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base.yaml").write_text(SMALL.replace("scenario: small", "scenario: base"), encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str, head: str = HEAD) -> Path:
    path = folder / "top.yaml"
    path.write_text(head + text, encoding="utf-8")
    return path


def faults(path: Path) -> list[tuple[str, int, str]]:
    with pytest.raises(FileFaults) as raised:
        load_scenario(path)
    return [(Path(one.file).name, one.line, str(one)) for one in raised.value.faults]


def test_what_the_file_does_not_say_is_as_in_the_other_one(folder):
    top, base = load_scenario(written(folder, "")), load_scenario(folder / "base.yaml")
    assert (top.scenario, top.summary) == ("top", "Another one.")
    assert top.model_copy(update={"scenario": "base", "summary": base.summary, "extends": None}) == base


def test_mappings_are_merged_key_by_key(folder):
    top = load_scenario(written(folder, "workload: { propagation_s: 900.0 }\n"))
    assert (top.workload.propagation_s, top.workload.groups) == (900.0, ("GRP-OFFICE", "GRP-LEDGER"))


def test_named_entries_are_merged_by_name_and_keep_their_place(folder):
    text = "host_pools:\n  - { name: hp-small-weu, hosts: { running: 1 } }\n"
    top = load_scenario(written(folder, text))
    assert [pool.name for pool in top.host_pools] == ["hp-small-neu", "hp-small-weu"]
    assert (top.host_pools[1].hosts.count, top.host_pools[1].hosts.running) == (2, 1)
    powers = [machine.power for machine in build(top).core.table(Machine).values()]
    assert powers == ["running", "running", "running", "deallocated"]


def test_entries_with_new_names_are_added_at_the_end(folder):
    text = "groups:\n  - { name: GRP-NEW, id: 6b000000-0000-4000-8000-0000000000cc, users: 1 }\n"
    top = load_scenario(written(folder, text))
    assert [group.name for group in top.groups][-1] == "GRP-NEW"
    assert len(top.groups) == 5


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("assignments:\n  - { principal: GRP-KIOSK, application_group: desk-neu }\n", 1),
        ("assignments: []\n", 0),
    ],
)
def test_lists_without_names_and_empty_lists_are_replaced(folder, text, left):
    assert len(load_scenario(written(folder, text)).assignments) == left


def test_null_takes_something_away(folder):
    top = load_scenario(written(folder, "host_pools:\n  - { name: hp-small-neu, sessions: null }\n"))
    assert top.host_pools[0].sessions is None


def test_a_fault_in_the_extending_file_is_told_there(folder):
    path = written(folder, "host_pools:\n  - name: hp-small-weu\n    hosts: { running: 20 }\n")
    assert [(file, line) for file, line, _ in faults(path)] == [("top.yaml", 6)]
    assert "running (20) is more than count (2)" in faults(path)[0][2]
    assert "host_pools[0].hosts" in faults(path)[0][2]


def test_a_fault_in_the_other_file_is_told_there(folder):
    base = folder / "base.yaml"
    text = base.read_text(encoding="utf-8").replace("max_session_limit: 4", "max_session_limit: many", 1)
    base.write_text(text, encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "many" in row)
    path = written(folder, "host_pools:\n  - { name: hp-small-neu, start_vm_on_connect: false }\n")
    assert [(file, at) for file, at, _ in faults(path)] == [("base.yaml", line)]


def test_an_unknown_key_is_told_with_its_neighbour(folder):
    path = written(folder, "host_pools:\n  - { name: hp-small-weu, host: { running: 1 } }\n")
    (file, line, says) = faults(path)[0]
    assert (file, line) == ("top.yaml", 5)
    assert "did you mean 'hosts'?" in says


def test_a_mistyped_name_is_an_addition_that_lacks_everything(folder):
    found = faults(written(folder, "host_pools:\n  - { name: hp-small-wue, hosts: { running: 1 } }\n"))
    assert {file for file, _, _ in found} == {"top.yaml"}
    assert any("resource_group" in says for _, _, says in found)


def test_twins_in_one_file_are_told_and_never_dropped(folder):
    text = "regions:\n" + 2 * "  - { name: northeurope, display_name: North }\n"
    assert any("westeurope" in says for _, _, says in faults(written(folder, text)))


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("scenario: top\nsummary: S.\nextends: bse\n", "did you mean 'base'?"),
        ("scenario: top\nsummary: S.\nextends: top\n", "no other scenario is called 'top'"),
        ("scenario: top\nsummary: S.\nextends: ../base\n", "no other scenario is called '../base'"),
        ("scenario: top\nsummary: S.\nextends: base.yaml\n", "no other scenario is called 'base.yaml'"),
        ("scenario: top\nsummary: S.\nextends: 7\n", "no other scenario is called '7'"),
        ("scenario: top\nextends: base\n", "the key 'summary' is missing"),
        ("summary: S.\nextends: base\n", "the key 'scenario' is missing"),
    ],
)
def test_what_cannot_be_extended_is_refused_with_what_can(folder, head, says):
    assert any(says in told for _, _, told in faults(written(folder, "", head)))


def test_one_level_only(folder):
    written(folder, "")
    path = folder / "third.yaml"
    path.write_text(HEAD.replace("scenario: top", "scenario: third").replace("base", "top"), encoding="utf-8")
    ((file, line, says),) = faults(path)
    assert (file, line) == ("third.yaml", 3)
    assert "extends another scenario itself" in says


def test_a_link_is_not_followed(folder):
    (folder / "linked.yaml").symlink_to(folder / "base.yaml")
    path = written(folder, "", HEAD.replace("base", "linked"))
    assert "symbolic link" in faults(path)[0][2]


def test_expectations_and_faults_are_the_files_own_when_it_has_any(folder):
    top = load_scenario(written(folder, "expect:\n  - { ends: refused }\n"))
    assert [one.ends for one in top.expect] == ["refused"]


def test_standalone_says_the_same_without_the_other_file(folder, tmp_path_factory):
    path = written(folder, "host_pools:\n  - { name: hp-small-weu, hosts: { running: 1 } }\n")
    alone = tmp_path_factory.mktemp("alone") / "kept.yaml"
    alone.write_text(standalone(path), encoding="utf-8")
    assert load_scenario(alone) == load_scenario(path).model_copy(update={"extends": None})
    assert build(load_scenario(alone)).history.dump() == build(load_scenario(path)).history.dump()


def test_standalone_refuses_what_does_not_fit(folder):
    with pytest.raises(FileFaults):
        standalone(written(folder, "seed: seven\n"))
