"""`muniment explain`: why somebody may, or may not, do something; now, at a past moment, or over time."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from muniment.ops.api_client import call
from muniment.ops.cli.asking import AsOf, Context, file_text, keys, moment, pages
from muniment.ops.cli.explaining import history_parts, parts
from muniment.ops.cli.options import AsJSON

PIPE_WIDTH = 140

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    principal: Annotated[str, typer.Argument(help="Who: a user's name, an ARN, a unique id, or `root`.")],
    action: Annotated[str, typer.Argument(help="What: s3:GetObject, iam:CreateUser …")],
    resource: Annotated[str, typer.Argument(help="On what: an ARN.")] = "*",
    context: Context = None,
    session_policy: Annotated[
        Path | None,
        typer.Option(help="A file with the policy that was passed to the session, where one is asked about."),
    ] = None,
    as_of: AsOf = "",
    history: Annotated[
        bool, typer.Option("--history", help="Tell since when, and when it was otherwise, with who changed it.")
    ] = False,
    as_json: AsJSON = False,
) -> None:
    """Why somebody may, or may not, do something: what each layer says, which statements apply or nearly do, with the values
    that were compared, and who brought them in.

    Finds the server and your credentials as AWS tools do.

    * `muniment explain ana s3:GetObject arn:aws:s3:::letters/a`
    * `muniment explain ana s3:GetObject arn:aws:s3:::letters/a --as-of "2 hours ago"`
    * `muniment explain ana s3:GetObject arn:aws:s3:::letters/a --context aws:SourceIp=10.0.0.7`
    * `muniment explain ana s3:GetObject arn:aws:s3:::letters/a --history`
    * `muniment explain arn:aws:sts::111122223333:assumed-role/app/job-7 s3:GetObject --session-policy passed.json`
    """
    params: dict[str, Any] = {
        "Principal": principal,
        "Action": action,
        "Resource": resource,
        "Context": keys(context or []),
    }
    if history:
        if session_policy is not None:
            raise typer.BadParameter(
                "the history of a session is that of its role: leave it out", param_hint="--session-policy"
            )
        until = {"Until": moment(as_of)} if as_of else {}
        told: Any = pages("AccessHistory", {**params, **until}, "Intervals")
        _print(told, history_parts(told), as_json)
        return
    passed = {"Policy": file_text(session_policy)} if session_policy is not None else {}
    told = call("muniment", "ExplainDecision", {**params, **passed, **({"AsOf": moment(as_of)} if as_of else {})})
    _print(told, parts(told), as_json)


def _print(document: Any, shown: Any, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        return
    for part in shown:
        out.print(part)
