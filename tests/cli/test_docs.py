"""What the documents tell to type exists, command and option; nothing in them is of one machine."""

import re
from pathlib import Path

import click
import pytest

from avd_failover.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
TYPED = re.compile(r"(?:^ {4}|`)failover (?P<words>[^`\n]*?)(?: {3,}[^`\n]*)?(?=`|$)", re.MULTILINE)


def typed() -> list[tuple[str, str]]:
    return [(page.name, found["words"]) for page in PAGES for found in TYPED.finditer(page.read_text())]


def options_of(command: click.Command) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}


def test_commands_are_found_in_the_documents() -> None:
    found = [words.split()[0] for page, words in typed() if page in {"README.md", "operating.md"}]
    shown = {word for word in found if not word.startswith("-")}
    assert {"back", "drill", "settle", "check", "run", "resume", "approve", "journal", "rehearse"} <= shown


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_readme_tells_every_command(command: str) -> None:
    assert re.search(rf"`(?:failover )?{command}[ `]", (ROOT / "README.md").read_text())


@pytest.mark.parametrize(("page", "words"), typed(), ids=lambda text: text[:60])
def test_what_the_documents_tell_to_type_exists(page: str, words: str) -> None:
    command: click.Command = cli
    context, left = click.Context(cli), words.split()
    while isinstance(command, click.Group) and left and re.match(r"[a-z]", left[0]):
        found = command.get_command(context, left[0].split("|")[0])
        assert found is not None, f"{page}: there is no command {left[0]!r}"
        command, left = found, left[1:]
    known = options_of(command)
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(left).split("'")[0]):
        assert option in known, f"{page}: {words!r} has no option {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_document_names_a_place_of_one_machine(page: Path) -> None:
    assert not re.search(r"/(?:work|home|root|Users)/", page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
    anchors = {re.sub(r"[^a-z0-9 -]", "", line[3:].lower()).replace(" ", "-") for line in text.splitlines()}
    for anchor in re.findall(r"\]\(#([^)]+)\)", text):
        assert anchor in anchors, anchor
