"""What an import did, as a value, as JSON, and as tables that a newcomer can read."""

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from muniment.ops.import_account.inventory import Inventory
from muniment.ops.import_account.steps import NotTaken

AWS_POLICY = "arn:aws:iam::aws:policy/"


class Report(msgspec.Struct, rename="pascal"):
    """The end of an import."""

    source_account: str
    target_account: str
    found: dict[str, int]  # kind → how many the file holds
    changed: int  # commands that changed something
    done: dict[str, int]  # action → how many
    unchanged: int  # entities that were here already, as the file says
    not_taken: list[NotTaken]
    notes: list[str]
    dry_run: bool = False
    stopped: str | None = None

    def json(self) -> str:
        """As JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()


def many(count: int, plural: str) -> str:
    """`1 user`, `2 users`; `1 policy`, `2 policies`."""
    one = plural.removesuffix("ies") + "y" if plural.endswith("ies") else plural.removesuffix("s")
    return f"{count} {one if count == 1 else plural}"


def counted(inventory: Inventory) -> dict[str, int]:
    """How many of each kind the file holds."""
    return {
        "users": len(inventory.users),
        "groups": len(inventory.groups),
        "roles": len(inventory.roles),
        "policies": len(inventory.policies),
    }


def show(report: Report, console: Console) -> None:
    """Print the report: what was done, what was not taken and why, what to know."""
    _show_done(report, console)
    if report.not_taken:
        _show_not_taken(report.not_taken, console)
    for note in report.notes:
        console.print(f"[dim]·[/] {escape(note)}")
    if report.stopped:
        console.print(f"\n[bold red]Stopped:[/] {escape(report.stopped)}")
        console.print("Nothing is half done: mend the cause and run the same command again, it goes on from here.")


def _show_done(report: Report, console: Console) -> None:
    if report.done:
        table = Table("Command", "Count", title="Commands that would be sent" if report.dry_run else "Commands sent")
        table.columns[1].justify = "right"
        for action, count in report.done.items():
            table.add_row(action, str(count))
        console.print(table)
    if report.changed:
        verb = "would change" if report.dry_run else "changed"
        sent, rest = many(report.changed, "commands"), many(report.unchanged, "entities")
        console.print(f"[green]{sent} {verb} something[/]; {rest} needed nothing.")
    elif not report.stopped:
        console.print("[green]Nothing to change:[/] everything that can be taken is here already.")


def _show_not_taken(items: list[NotTaken], console: Console) -> None:
    table = Table("Not taken", "Why", title=f"Not taken: {len(items)}", show_lines=True)
    table.columns[0].overflow = table.columns[1].overflow = "fold"
    for why in dict.fromkeys(item.why for item in items):
        alike = [_line(item) for item in items if item.why == why]
        table.add_row("\n".join(alike), escape(why))
    console.print(table)
    if any(item.widens for item in items):
        console.print(
            "[bold red]Look at those with a Deny:[/] without them these entities are allowed more than in AWS."
        )


def _line(item: NotTaken) -> str:
    name = escape(f"{item.kind} {item.name}")
    told = escape(item.what.replace(AWS_POLICY, "AWS's "))
    what = "" if item.what == item.kind else f": {told}"
    return f"{name}{what} [bold red](a Deny)[/]" if item.widens else f"{name}{what}"
