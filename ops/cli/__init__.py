"""`muniment …`: the command line. One module a command, each with a `register(app)` (DESIGN §8)."""

import sys

import typer
from rich.console import Console

from muniment.domain.errors import Refused
from muniment.ops.cli import (
    accounts,
    askers,
    audit,
    backup,
    decisions,
    erase,
    escalations,
    explain,
    keys,
    provision,
    readers,
    rebuild,
    replay,
    serve,
    simulate,
    verify,
    who,
)
from muniment.ops.import_account import command as import_account
from muniment.ops.jetstream.datalock import DataDirectoryInUse
from muniment.ops.jetstream.provision import Drift, RestoreUnfinished
from muniment.ops.jetstream.settings import BadSettings
from muniment.ops.keys.keksource import KEKRefused
from muniment.ops.notary.check import LogDiffers
from muniment.ops.reader.credential import BadCredential
from muniment.ops.settings import BadSetting

app = typer.Typer(
    name="muniment",
    help="Event-sourced identity and access control that a team runs itself.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    serve,
    accounts,
    import_account,
    audit,
    explain,
    who,
    escalations,
    simulate,
    replay,
    rebuild,
    verify,
    backup,
    provision,
    keys,
    erase,
    readers,
    askers,
    decisions,
):
    module.register(app)


def main() -> None:
    """Run the command line; what an operator can mend is told in one line, without a traceback."""
    try:
        app()
    except (
        BadCredential,
        BadSetting,
        BadSettings,
        DataDirectoryInUse,
        Drift,
        KEKRefused,
        LogDiffers,
        Refused,
        RestoreUnfinished,
    ) as error:
        Console(stderr=True).print(f"[bold red]muniment:[/] {error}", highlight=False, soft_wrap=True)
        sys.exit(1)
