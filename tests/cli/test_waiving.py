"""``failover skip`` of the proof of seats: not by whoever began the run."""

from avd_failover.cli.exits import ExitCode
from tests.cli.runs_at_hand import Shell
from tests.engine.test_waivers import pinned
from tests.journal.builders import RUN, began


def test_the_command_refuses_it_with_what_to_type(shell: Shell) -> None:
    shell.record(RUN, [pinned(), began("seats")])
    words = ("--reason", "more come at eight")
    assert shell.type("skip", RUN, "seats", "--by", "duty admin", *words) == ExitCode.REFUSED
    assert "somebody else must say that it goes on" in shell.err
    assert f"failover skip {RUN} seats --by NAME" in shell.err
    assert shell.type("skip", RUN, "seats", "--by", "ann", *words) == ExitCode.DONE
