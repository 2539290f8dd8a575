"""`muniment simulate`: what policies would decide, those of somebody or those of files, without doing anything."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from muniment.ops.api_client import call
from muniment.ops.cli.asking import AsOf, Context, file_text, keys, moment
from muniment.ops.cli.options import AsJSON
from muniment.ops.settings import BadSetting

PIPE_WIDTH: Final = 140
ANSWERS: Final = {
    "allowed": Text("allowed", "green"),
    "explicitDeny": Text("denied", "bold red"),
    "implicitDeny": Text("not allowed", "yellow"),
}
Files = Annotated[
    list[Path] | None,
    typer.Option("--policy", help="A file with an identity policy; again for more.", show_default=False),
]

out = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    actions: Annotated[list[str], typer.Argument(help="What: s3:GetObject, iam:CreateUser …")],
    principal: Annotated[
        str,
        typer.Option("--principal", "-p", help="Whose policies: a user's name, or the ARN of a user, group or role."),
    ] = "",
    policy: Files = None,
    on: Annotated[
        list[str] | None, typer.Option("--on", help="On what: an ARN; again for more.", show_default="any resource")
    ] = None,
    boundary: Annotated[Path | None, typer.Option(help="A file with a permissions boundary to simulate.")] = None,
    resource_policy: Annotated[
        Path | None, typer.Option(help="A file with the policy of the resources; a role's trust policy too.")
    ] = None,
    caller: Annotated[
        str, typer.Option(help="The ARN of the user or role who asks.", show_default="the principal")
    ] = "",
    context: Context = None,
    as_of: AsOf = "",
    as_json: AsJSON = False,
) -> None:
    """What policies would decide, those of somebody (`--principal`), those of files (`--policy`), or both; nothing is done.

    Finds the server and your credentials as AWS tools do.

    * `muniment simulate s3:GetObject s3:PutObject --principal ana --on arn:aws:s3:::letters/a`
    * `muniment simulate s3:GetObject --principal ana --as-of "2 hours ago"`
    * `muniment simulate s3:GetObject --policy new.json --context aws:SourceIp=198.51.100.7`
    """
    if not principal and not policy:
        raise BadSetting("whose policies? give --principal NAME, --policy FILE, or both")
    params: dict[str, Any] = {
        "ActionNames": actions,
        "PolicyInputList": [file_text(path) for path in policy or []],
        "ResourceArns": on or ["*"],
        "ContextEntries": [_entry(key, values) for key, values in keys(context or []).items()],
    }
    if boundary is not None:
        params["PermissionsBoundaryPolicyInputList"] = [file_text(boundary)]
    if resource_policy is not None:
        params["ResourcePolicy"] = file_text(resource_policy)
    if caller:
        params["CallerArn"] = caller
    action = "SimulatePrincipalPolicy" if principal else "SimulateCustomPolicy"
    if principal:
        params["PolicySourceArn"] = _arn(principal)
    service = "iam"
    if as_of:
        if not principal:
            raise BadSetting("files have no past: --as-of needs --principal")
        service, params["AsOf"] = "muniment", moment(as_of)
    results = list(_results(service, action, params))
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(results), indent=2).decode() + "\n")
        return
    out.print(table(results))


def _results(service: str, action: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every result, page by page."""
    marker: dict[str, str] = {}
    while True:
        answer = call(service, action, {**params, **marker})
        yield from answer["EvaluationResults"]
        if not answer["IsTruncated"]:
            return
        marker = {"Marker": answer["Marker"]}


def _arn(principal: str) -> str:
    """The ARN of a principal; a name is a user's."""
    if principal.startswith("arn:"):
        return principal
    return str(call("iam", "GetUser", {"UserName": principal})["User"]["Arn"])


def _entry(key: str, values: list[str]) -> dict[str, Any]:
    """A condition key as the API takes it: what was typed are texts."""
    return {
        "ContextKeyName": key,
        "ContextKeyValues": values,
        "ContextKeyType": "string" if len(values) == 1 else "stringList",
    }


def table(results: list[dict[str, Any]]) -> Table:
    """One line for each action on each resource."""
    shown = Table("action", "resource", "answer", "because", box=SIMPLE)
    for one in results:
        shown.add_row(
            Text(one["EvalActionName"]), Text(one["EvalResourceName"]), ANSWERS[one["EvalDecision"]], _because(one)
        )
    return shown


def _because(one: dict[str, Any]) -> Text:
    """The statements that decided, what else stood in the way, and the keys that were missing."""
    told = [_place(statement) for statement in one["MatchedStatements"]]
    if one.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations") is False:
        told.append("the organization does not allow it")
    if one.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary") is False:
        told.append("the permissions boundary does not allow it")
    if not told:
        told.append("no statement allows it")
    specific = one.get("ResourceSpecificResults") or [one]
    missing = sorted({key for result in specific for key in result.get("MissingContextValues", ())})
    shown = Text("; ".join(told))
    if missing:
        shown.append(f" (not given: {', '.join(missing)})", "cyan")
    return shown


def _place(statement: dict[str, Any]) -> str:
    start = statement["StartPosition"]
    return f"{statement['SourcePolicyId']}, line {start['Line']}, column {start['Column']}"
