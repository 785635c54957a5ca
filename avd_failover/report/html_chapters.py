"""Sections of the HTML report that only some runs have: pure functions of the account; None is left out."""

from collections.abc import Iterator

from avd_failover.domain.words import counted, listed
from avd_failover.report.account import Account, Owed
from avd_failover.report.chapters import Gate, Holding
from avd_failover.report.html_parts import code, facts, grade_of_step, moment, state_word, table
from avd_failover.report.lists import day
from avd_failover.report.markup import Child, Markup, join, tag
from avd_failover.report.matrix import LEFT

_COURSE = ("At", "What", "Why")


def aim(account: Account) -> Markup | None:
    """Tell what the run was for and who asked for it."""
    found = account.aim
    rows: list[tuple[str, Child]] = [
        ("Purpose", f"{found.purpose}: {found.sentence}"),
        ("Asked for by", found.initiator or "not recorded"),
    ]
    if found.run_key:
        rows.append(("Run key", code(found.run_key)))
    if found.forced:
        rows.append(("Forced, because", found.forced))
    if found.follows:
        follows = "Pays the debts of" if found.purpose == "settle" else "Takes back"
        rows.append((follows, join(*(tag("div", code(run)) for run in found.follows))))
    told = facts("As it was asked for; names are as given, and nobody checked them", rows)
    return join(told, _course(account))


def matrix(account: Account) -> Markup | None:
    """Tell which group has which application group on which side."""
    found = account.matrix
    if found is None:
        return None
    told = table(
        "Side of each group's hold on each application group after this run; bold: this run was about it",
        ["Group", *found.application_groups],
        [(one.group, *_cells(one)) for one in found.holdings],
    )
    return join(told, tag("p", found.back, class_="soft") if found.back else None)


def gates(account: Account) -> Markup | None:
    """Tell what people were asked and said, and what to type where somebody is missing."""
    if not account.gates:
        return None
    return join(*(_gate(gate) for gate in account.gates))


def fence(account: Account) -> Markup | None:
    """Tell who declared the silent source fenced, on what evidence, and what stayed unproven."""
    found = account.fence
    if found is None:
        return None
    rows: list[tuple[str, Child]] = [
        ("Declared by", listed(found.by)),
        ("At", moment(found.declared_at)),
        ("Evidence", code(found.evidence)),
        ("Did not answer", tag("ul", *(tag("li", one) for one in found.unanswered))),
        ("Hosts not proven empty", found.hosts_not_proven),
        ("Other ways in not read again", found.ways_in_unread),
        ("Expires", found.expires),
        ("Step", found.step),
    ]
    return facts("A silent source counts as fenced because people said so, and for no other reason", rows)


def owed(account: Account) -> Markup | None:
    """Tell what must be settled before any later run, and who settled it."""
    if not account.owed:
        return tag("p", "Nothing is owed.")
    return table(
        "Could not be done; settled before any later run",
        ["Step", "Region", "Why", "Settled by"],
        [(one.step, one.region or "both", one.because, _payer(one)) for one in account.owed],
    )


def settled(account: Account) -> Markup | None:
    """Tell which debts this run paid."""
    if not account.settled:
        return None
    return table(
        "Owed by earlier runs",
        ["Step", "Run", "Paid", "Why it was owed"],
        [
            (
                one.step or "all",
                code(one.run),
                state_word("paid" if one.paid else "not yet", "good" if one.paid else "warn"),
                one.because,
            )
            for one in account.settled
        ],
    )


def items(account: Account) -> Markup | None:
    """Tell the things that steps work on one by one."""
    if not account.items:
        return None
    return table(
        "Each for itself: what the step says of it, and what people asked for it last",
        ["Thing", "Step", "State", "Asked"],
        [(one.item, one.step, one.state, one.asked) for one in account.items],
    )


def _cells(holding: Holding) -> Iterator[Child]:
    for side, moved in zip(holding.sides, holding.moved, strict=True):
        if moved:
            yield tag("strong", side)
        else:
            yield tag("span", side if side != LEFT else "where it was", class_="soft")


def _gate(gate: Gate) -> Markup:
    lacking = f", {gate.lacking} missing" if gate.lacking else ""
    caption = f"{gate.step}: {counted(gate.needed, 'approval')} needed{lacking}"
    rows: list[tuple[Child, ...]] = [
        (
            one.by,
            moment(one.at),
            state_word(one.verdict, "good" if one.verdict == "approve" and one.counts else "warn"),
            "yes" if one.counts else "no",
            one.reason,
            join(one.evidence_name, " ", code(one.evidence_sha256)) if one.evidence_sha256 else "none",
        )
        for one in gate.said
    ]
    notes = [tag("p", f"Not counted: {one}", class_="soft") for one in gate.ignored]
    if gate.command:
        notes.append(tag("p", "Missing; type: ", code(gate.command)))
    state = tag("p", "The step is ", state_word(gate.state, grade_of_step(gate.state)))
    heads = ["Who", "At", "Said", "Counts", "Reason", "Evidence (SHA-256)"]
    return join(table(caption, heads, rows) if rows else tag("p", caption), state, *notes)


def _payer(one: Owed) -> Child:
    if one.paid_by:
        return join(code(one.paid_by), " ", moment(one.paid_at))
    return join("nobody yet; type ", code(one.settle)) if one.settle else "nobody yet"


def _course(account: Account) -> Markup | None:
    rows: list[tuple[Child, ...]] = [
        (moment(one.at), f"{one.mode} from here on", one.because) for one in account.switches
    ]
    for taken in account.take_overs:
        why = f"nothing was sent until {day(taken.until)}: what the process before sent could take effect"
        rows.append((moment(taken.at), f"taken over, epoch {taken.epoch}", why))
    return table("Changed under way", _COURSE, rows) if rows else None
