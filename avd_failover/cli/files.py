"""``failover validate``, ``schema`` and ``graph``: files, without asking any cloud."""

import json
from typing import TYPE_CHECKING, Any

import click

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode

if TYPE_CHECKING:
    from avd_failover.cli.checking import Checked
    from avd_failover.domain.graph import StepGraph
    from avd_failover.runbook.yaml_file import FileModel

output_option = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the result.",
)


@click.command()
@click.argument("files", nargs=-1, metavar="[PATH|NAME]...")
@output_option
def validate(files: tuple[str, ...], output: str) -> None:
    """Check plans, runbooks and scenarios, and tell all faults of all files at once.

    Without an argument everything that can be found is checked: in $AVD_FAILOVER_PLANS, ./plans and the
    package, and likewise for runbooks and scenarios. Exit code 2 when anything is wrong.

    JSON: valid, and files with file, kind, name, valid and faults (file, line, column, path, found,
    allowed, hint).
    """
    from avd_failover.cli.checking import check_all
    from avd_failover.runbook.find import NotFoundError

    try:
        checked = check_all(files)
    except NotFoundError as error:
        raise Quit(ExitCode.BAD_INPUT, str(error), next_step="failover validate") from error
    if not checked:
        raise Quit(ExitCode.BAD_INPUT, "there is no plan, runbook or scenario to check")
    click.echo(json.dumps(_as_data(checked), indent=2) if output == "json" else _as_lines(checked))
    _end(checked)


@click.command()
@click.argument("kind", type=click.Choice(["plan", "runbook", "scenario"]))
def schema(kind: str) -> None:
    """Print the JSON Schema of a file format (draft 2020-12), for an editor.

    Save it and put this line at the head of a file:

    \b
    # yaml-language-server: $schema=plan.schema.json
    """
    click.echo(json.dumps(_schema(kind), indent=2))


@click.command()
@click.argument("runbook")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid"]),
    default="text",
    show_default=True,
    help="Drawing.",
)
@output_option
def graph(runbook: str, form: str, output: str) -> None:
    """Draw the steps of RUNBOOK, a path or a name; steps of one rank may run side by side.

    JSON: runbook, summary, pool, sha256, ranks (lists of step ids) and steps.
    """
    from avd_failover.operations.foreign import provided
    from avd_failover.operations.registry import CATALOGUE
    from avd_failover.runbook.faults import FileFaults
    from avd_failover.runbook.find import NotFoundError, find_runbook
    from avd_failover.runbook.render import as_mermaid, as_text
    from avd_failover.runbook.runbook_file import load_runbook

    try:
        found = load_runbook(find_runbook(runbook), CATALOGUE, provided)
    except (FileFaults, NotFoundError) as error:
        raise Quit(ExitCode.BAD_INPUT, str(error), next_step="failover validate") from error
    if output == "json":
        click.echo(json.dumps(_graph_data(found.graph, found.sha256), indent=2))
    else:
        click.echo(as_mermaid(found.graph) if form == "mermaid" else as_text(found.graph), nl=False)


def _as_data(checked: "list[Checked]") -> dict[str, Any]:
    from msgspec import to_builtins

    files = [to_builtins(each) | {"valid": not each.faults} for each in checked]
    return {"valid": all(each["valid"] for each in files), "files": files}


def _as_lines(checked: "list[Checked]") -> str:
    from avd_failover.runbook.faults import FileFaults, printable

    lines = []
    for each in checked:
        if each.faults:
            lines.append(str(FileFaults(each.faults)))
        else:
            lines.append(f"ok  {each.kind:<8}  {each.name}  ({printable(each.file)})")
    return "\n".join(lines)


def _end(checked: "list[Checked]") -> None:
    wrong = [each for each in checked if each.faults]
    if wrong:
        count = sum(len(each.faults) for each in wrong)
        faults = "1 fault" if count == 1 else f"{count} faults"
        files = "1 file" if len(wrong) == 1 else f"{len(wrong)} files"
        kind = wrong[0].kind or "plan"
        raise Quit(ExitCode.BAD_INPUT, f"{faults} in {files}", next_step=f"failover schema {kind}")


def _schema(kind: str) -> dict[str, Any]:
    from avd_failover.cli.step_schema import describe_steps
    from avd_failover.operations.registry import CATALOGUE
    from avd_failover.runbook.personal_models import plan_schema
    from avd_failover.runbook.runbook_models import RunbookEntry
    from avd_failover.simulator.scenario import Scenario

    models: dict[str, type[FileModel]] = {"runbook": RunbookEntry, "scenario": Scenario}
    described = plan_schema() if kind == "plan" else models[kind].model_json_schema()
    if kind == "runbook":
        describe_steps(described["$defs"]["StepEntry"], CATALOGUE)
    if kind == "scenario":
        _let_extend(described)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{kind} of avd-failover",
    } | {key: value for key, value in described.items() if key != "title"}


def _let_extend(described: dict[str, Any]) -> None:
    """Let a scenario that extends another one say only what differs; the rest is for ``validate`` to miss."""
    from avd_failover.simulator.scenario_layers import OWN

    described["anyOf"] = [{"required": ["extends", *OWN]}, {"required": described.pop("required")}]
    for part in described["$defs"].values():
        if "name" in part.get("properties", {}):
            part["required"] = ["name"]
        elif not {"fault", "ends"} & set(part.get("properties", {})):
            part.pop("required", None)


def _graph_data(steps: "StepGraph", sha256: str) -> dict[str, Any]:
    from msgspec import to_builtins

    ranks = [[step.id for step in rank] for rank in steps.levels()]
    return {**to_builtins(steps), "sha256": sha256, "ranks": ranks}
