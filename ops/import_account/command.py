"""`muniment import aws-account FILE…`."""

from pathlib import Path
from typing import Annotated

import botocore.exceptions
import botocore.session
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from muniment.ops.api_client import endpoint_of
from muniment.ops.import_account.inventory import NotAnAccount
from muniment.ops.import_account.report import Report, many, show
from muniment.ops.import_account.steps import Step
from muniment.ops.import_account.target import Refusal, Unreachable, connect
from muniment.ops.import_account.tool import import_account
from muniment.ops.settings import REGION_DEFAULT

app = typer.Typer(help="Bring in what exists elsewhere.", no_args_is_help=True)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="import")


@app.callback()
def bring_in() -> None:
    """Bring in what exists elsewhere."""


@app.command("aws-account")
def aws_account(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="What `aws iam get-account-authorization-details` printed; several files are pages of one account."
        ),
    ],
    endpoint_url: Annotated[
        str, typer.Option(help="The server.", show_default="AWS_ENDPOINT_URL, or this machine")
    ] = "",
    profile: Annotated[
        str, typer.Option(help="The AWS profile whose credentials to use.", show_default="AWS_PROFILE")
    ] = "",
    keep_account_ids: Annotated[
        bool, typer.Option("--keep-account-ids", help="Leave the source account's number in policy documents as it is.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring users, groups, roles and policies of an AWS account into yours.

    It compares the file with what is there and sends ordinary commands for the difference; it never deletes. Stopped half-way it
    goes on when run again, and a second run changes nothing. What it could not take, it lists.

    Example: `aws iam get-account-authorization-details > account.json && muniment import aws-account account.json`
    """
    try:
        session = botocore.session.Session(profile=profile or None)
        endpoint = endpoint_url or endpoint_of(session)
        target = connect(endpoint, profile, session.get_config_variable("region") or REGION_DEFAULT)
        with _progress(hidden=as_json) as progress:
            bar = progress.add_task("looking at what is there", total=None)

            def watch(step: Step, done: int, total: int) -> None:
                progress.update(bar, description=f"{step.action} {step.name}", completed=done, total=total)

            report = import_account(files, target, keep_documents=keep_account_ids, dry_run=dry_run, watch=watch)
            progress.update(bar, completed=report.changed, total=report.changed)
    except (NotAnAccount, OSError, Refusal, Unreachable, botocore.exceptions.BotoCoreError) as error:
        err.print(f"[bold red]muniment:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    _print(report, endpoint, as_json)
    if report.stopped:
        raise typer.Exit(1)


def _progress(hidden: bool) -> Progress:
    columns = (TextColumn("{task.description:<48.48}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True, disable=hidden)


def _print(report: Report, endpoint: str, as_json: bool) -> None:
    if as_json:
        out.print(report.json(), soft_wrap=True, markup=False)
        return
    found = ", ".join(many(count, kind) for kind, count in report.found.items())
    source = report.source_account or "an account without a number"
    out.print(f"{found} of account {source} → account {report.target_account} at {endpoint}", soft_wrap=True)
    show(report, out)
