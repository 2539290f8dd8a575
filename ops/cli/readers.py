"""`muniment readers`: credentials for programs that follow the log and decide by themselves (`muniment.client.Access`)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from muniment.ops.cli.options import Data, Nats, NatsCredentials
from muniment.ops.cli.reading import fail, told
from muniment.ops.host import on_host
from muniment.ops.jetstream.readers import load_readers
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.reader.credential import load
from muniment.ops.reader.issue import issue, renew, withdraw
from muniment.ops.settings import default_data

PROCESSES_MAX = 64

app = typer.Typer(
    help="Readers: programs of others that follow the log and decide by themselves.", no_args_is_help=True
)
out = Console(highlight=False, soft_wrap=True)

NatsCa = Annotated[
    Path | None,
    typer.Option("--nats-ca", help="CA that signed the NATS server's certificate, PEM; readers need it too."),
]
Administrator = Annotated[
    Path | None, typer.Option("--provision-credentials", help="With --nats: credentials of the `provision` role.")
]


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="readers")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the reader is called: lower-case letters, digits and `-`.")],
    account: Annotated[str, typer.Option(help="The one account it may follow.", show_default="all accounts")] = "",
    secret: Annotated[
        list[str] | None,
        typer.Option(help="Name of a secret to be told new values of, and of nothing else; may be repeated."),
    ] = None,
    processes: Annotated[int, typer.Option(help="How many processes will share it.", min=1, max=PROCESSES_MAX)] = 1,
    file: Annotated[
        Path | None, typer.Option("--file", help="The credential's file.", show_default="NAME.reader.json")
    ] = None,
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
    nats_ca: NatsCa = None,
    administrator: Administrator = None,
) -> None:
    """Make a credential that may read the log and nothing else, and write it to a file, mode 0600.

    With an external NATS server it also prints the account that has to be added to the server's configuration.
    """
    target = file or Path(f"{name}.reader.json")
    if target.exists():
        fail(f"`{target}` is there already: name another file, or renew it with `muniment readers renew`")
    with told(), on_host((data or default_data()).expanduser(), nats, nats_credentials, nats_ca) as host:
        settings = None
        if nats:
            settings = ConnectionSettings.external(nats, "provision", credentials_file=administrator, tls_ca=nats_ca)
        issued = issue(host, name, account, processes, settings, secret or ())
    issued.credential.save(target)
    follows = f"account {account}" if account else "all accounts"
    out.print(f"[bold]{target}[/] lets {processes} process{'es' if processes > 1 else ''} follow {follows}")
    if nats:
        out.print("\nAdd this account to the servers' configuration, and reload them:\n")
        out.print(issued.configuration, markup=False)


@app.command("list")
def show(data: Data = None) -> None:
    """The readers of an embedded server."""
    readers = load_readers((data or default_data()).expanduser())
    for reader in readers:
        out.print(f"{reader.name}\t{reader.account or 'all accounts'}\t{len(reader.consumers)} processes", markup=False)
    if not readers:
        out.print("there are no readers")


@app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="The reader's name.")], data: Data = None) -> None:
    """Let a reader of an embedded server connect no more: its account and its consumers go, its connections are cut."""
    if not withdraw((data or default_data()).expanduser(), name):
        fail(f"there is no reader `{name}`")
    out.print(f"{name} is removed; a running server takes it out within seconds")


@app.command("renew")
def renew_file(
    file: Annotated[Path, typer.Argument(help="The credential's file.")],
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
    nats_ca: NatsCa = None,
) -> None:
    """Bring a credential's file up to date: signing keys after a rotation, the server's address after a move.

    A running reader takes new keys from the file by itself.
    """
    with told(), on_host((data or default_data()).expanduser(), nats, nats_credentials, nats_ca) as host:
        renew(host, load(file)).save(file)
    out.print(f"[bold]{file}[/] is up to date")
