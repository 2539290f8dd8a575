"""`muniment accounts`: create accounts over the API, replace lost root credentials on the host."""

from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from muniment.commands.drawn import uuid7
from muniment.commands.muniment.accounts import ResetRootCredentials
from muniment.commands.task import Context
from muniment.ops.api_client import call
from muniment.ops.cli.options import AsJSON, Data, Nats, NatsCredentials
from muniment.ops.founding import first_account
from muniment.ops.host import on_host
from muniment.ops.operator import operator
from muniment.ops.settings import default_data

app = typer.Typer(help="Accounts and their root credentials.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="accounts")


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="The account's name.")],
    email: Annotated[str, typer.Option(help="E-mail address of its root user; each address has one account.")],
    as_json: AsJSON = False,
) -> None:
    """Create an account in your organization (made where there is none) and print its root credentials, once.

    Finds the server and your credentials as AWS tools do: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, profiles.

    Example: `muniment accounts create payments --email payments@example.com`
    """
    answer = call("muniment", "CreateAccount", {"AccountName": name, "Email": email})
    _show(answer, as_json)


@app.command("list")
def list_(as_json: AsJSON = False) -> None:
    """List the accounts of your organization."""
    accounts = call("organizations", "ListAccounts", {})["Accounts"]
    if as_json:
        out.print(msgspec.json.encode(accounts).decode())
        return
    for account in accounts:
        out.print(f"{account['Id']}  {account['Status']:<9}  {account['Name']}  <{account['Email']}>")


@app.command("reset-root")
def reset_root(
    account_id: Annotated[str, typer.Argument(help="The account's number.", show_default="the first account")] = "",
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
    as_json: AsJSON = False,
) -> None:
    """Replace an account's lost root credentials by one new key. Run it on the host itself.

    The old keys end at once. It is recorded in the log and raises an alarm.
    """
    with on_host((data or default_data()).expanduser(), nats, nats_credentials) as host, host.ledger() as ledger:
        number = account_id or first_account(ledger)
        command = ResetRootCredentials(account_id=number)
        _show(ledger.execute(command, Context(operator(), uuid7(ledger.now()))).result, as_json)


def _show(answer: dict[str, Any], as_json: bool) -> None:
    account, root = answer["AccountId"], answer["Root"]
    if as_json:
        body = {
            "account_id": account,
            "root": {"access_key_id": root["AccessKeyId"], "secret_access_key": root["SecretAccessKey"]},
        }
        out.print(msgspec.json.encode(body).decode())
        return
    out.print(f"Account [bold]{account}[/]. Its root credentials are shown this once:\n")
    out.print(f"export AWS_ACCESS_KEY_ID={root['AccessKeyId']}")
    out.print(f"export AWS_SECRET_ACCESS_KEY={root['SecretAccessKey']}")
