"""`muniment who-can` and `muniment what-can`: who may do something, and what somebody may do."""

import sys
from typing import Annotated, Any

import msgspec
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from muniment.ops.cli.asking import AsOf, Context, keys, moment, pages
from muniment.ops.cli.options import AsJSON

PIPE_WIDTH = 140

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("who-can")(who_can)
    app.command("what-can")(what_can)


def who_can(
    action: Annotated[str, typer.Argument(help="What: s3:GetObject, iam:CreateUser …")],
    resource: Annotated[str, typer.Argument(help="On what: an ARN.")] = "*",
    context: Context = None,
    as_of: AsOf = "",
    as_json: AsJSON = False,
) -> None:
    """Everybody in the account who may do something, and how: directly, through a group, or by assuming roles.

    Example: `muniment who-can s3:GetObject arn:aws:s3:::letters/a --as-of "2 hours ago"`
    """
    params = {"Action": action, "Resource": resource, **_shared(context, as_of)}
    found = pages("WhoCan", params, "Principals")
    if as_json:
        _json(found)
        return
    table = Table("who", Column("how", overflow="fold"), box=SIMPLE)
    for one in found:
        table.add_row(Text(one["Arn"].split(":", 5)[5]), Text("\n".join(map(path_told, one["Paths"]))))
    out.print(table if found else "nobody")


def what_can(
    principal: Annotated[str, typer.Argument(help="Who: a user's name, an ARN, a unique id, or `root`.")],
    action: Annotated[str, typer.Option(help="Only actions that this covers: s3:*")] = "*",
    context: Context = None,
    as_of: AsOf = "",
    as_json: AsJSON = False,
) -> None:
    """What somebody may do, action by action, on which resources.

    Example: `muniment what-can ana --action 'iam:*'`
    """
    params = {"Principal": principal, "Action": action, **_shared(context, as_of)}
    found = pages("WhatCan", params, "Permissions")
    if as_json:
        _json(found)
        return
    table = Table("action", Column("on", overflow="fold"), Column("but not on", overflow="fold"), "how", box=SIMPLE)
    for one in found:
        how = "\n".join(dict.fromkeys(map(path_told, one["Paths"])))
        table.add_row(Text(one["Action"]), Text(one["Resource"]), Text("\n".join(one["Except"])), Text(how))
    given = "" if context else ", in a request without condition keys (give them with `--context KEY=VALUE`)"
    out.print(table if found else f"nothing{given}")


def path_told(path: dict[str, Any]) -> str:
    """A path in a few words."""
    policies = ", ".join(dict.fromkeys(one["Policy"] for one in path.get("Policies", ())))
    match path["Via"]:
        case "role":
            return "by assuming " + ", then ".join(role.split(":", 5)[5] for role in path["Roles"])
        case "group":
            return f"through group {path['Group']}: {policies}"
        case "root":
            return "as the root user"
        case "resource":
            return f"named by the resource's policy: {policies}"
        case "always":
            return "everybody may"
    return f"directly: {policies}"


def _shared(context: list[str] | None, as_of: str) -> dict[str, Any]:
    return {"Context": keys(context or []), **({"AsOf": moment(as_of)} if as_of else {})}


def _json(document: Any) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
