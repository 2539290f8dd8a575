"""`muniment askers`: credentials for programs on NATS that ask for decisions by request and reply."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from muniment.domain.ids import ROLE, USER, is_account_number
from muniment.ops.cli.options import Data, Nats
from muniment.ops.cli.reading import fail
from muniment.ops.jetstream.askers import AskerEntry, load_askers, save_askers
from muniment.ops.jetstream.settings import new_seed, public_key, write_private
from muniment.ops.settings import default_data

app = typer.Typer(help="Askers: programs on NATS that ask for decisions by request and reply.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
PRINCIPAL = re.compile(rf"(?:{USER}|{ROLE})[A-Z0-9]{{4,124}}")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="askers")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the program is called: lower-case letters, digits and `-`.")],
    account: Annotated[str, typer.Option(help="Number of the account it asks in.")],
    principal: Annotated[
        str,
        typer.Option(
            help="Unique id (AIDA… or AROA…) of the user or role as whom it asks: `aws iam get-user` shows it."
        ),
    ],
    file: Annotated[Path | None, typer.Option("--file", help="The nkey seed's file.", show_default="NAME.seed")] = None,
    data: Data = None,
    nats: Nats = "",
) -> None:
    """Make a NATS user that may ask for decisions and nothing else, and write its nkey seed to a file, mode 0600.

    What it may ask about is for the policies of the user or role to say (`muniment:Evaluate`). With an external NATS server it
    prints the account that has to be added to the server's configuration.
    """
    if not NAME.fullmatch(name):
        fail(f"`{name}` is not a name: use lower-case letters, digits and `-`")
    if not is_account_number(account):
        fail(f"`{account}` is not an account number: give 12 digits")
    if not PRINCIPAL.fullmatch(principal):
        fail(f"`{principal}` is not a unique id: `aws iam get-user` and `get-role` show it as UserId and RoleId")
    target, folder = file or Path(f"{name}.seed"), (data or default_data()).expanduser()
    if target.exists():
        fail(f"`{target}` is there already: name another file")
    known = () if nats else load_askers(folder)
    if any(one.name == name for one in known):
        fail(f"there is an asker `{name}` already: remove it first, or choose another name")
    seed = new_seed()
    entry = AskerEntry(name, public_key(seed), account, principal)
    write_private(target, seed + "\n")
    if not nats:
        save_askers(folder, (*known, entry))
    out.print(f"[bold]{target}[/] lets a program ask as {principal} of account {account}")
    out.print("subjects: muniment.access.evaluation, .evaluations, .search-subject, .search-resource, .search-action")
    if nats:
        out.print("\nAdd this account to the servers' configuration, and reload them:\n")
        out.print(entry.render(), markup=False)


@app.command("list")
def show(data: Data = None) -> None:
    """The askers of an embedded server."""
    askers = load_askers((data or default_data()).expanduser())
    for one in askers:
        out.print(f"{one.name}\t{one.account}\t{one.principal}", markup=False)
    if not askers:
        out.print("there are no askers")


@app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="The asker's name.")], data: Data = None) -> None:
    """Let a program of an embedded server connect no more; its connections are cut."""
    folder = (data or default_data()).expanduser()
    known = load_askers(folder)
    if all(one.name != name for one in known):
        fail(f"there is no asker `{name}`")
    save_askers(folder, tuple(one for one in known if one.name != name))
    out.print(f"{name} is removed; a running server takes it out within seconds")
