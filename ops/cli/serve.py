"""`muniment serve`."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from muniment.ops import logs
from muniment.ops.settings import PORT_DEFAULT, Role, Settings, default_data

if TYPE_CHECKING:
    from muniment.ops.serving import Server

out = Console(highlight=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on. Anything but loopback needs TLS or a trusted proxy.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = PORT_DEFAULT,
    public_url: Annotated[str, typer.Option(help="The URL that clients use, where it is another.")] = "",
    tls_cert: Annotated[Path | None, typer.Option(help="TLS certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="TLS private key, PEM.")] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(help="Address or CIDR block of a TLS-terminating proxy in front; may be repeated."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Where everything is kept.", show_default="the user's data directory")
    ] = None,
    ephemeral: Annotated[
        bool, typer.Option("--ephemeral", help="Keep nothing, for tests of others; offers POST /_muniment/reset.")
    ] = False,
    nats: Annotated[
        str, typer.Option(help="URL of an external NATS server (or several, with commas) in place of the embedded one.")
    ] = "",
    nats_credentials: Annotated[Path | None, typer.Option(help="Its .creds or nkey seed file, mode 0600.")] = None,
    nats_ca: Annotated[Path | None, typer.Option(help="CA that signed its certificate, PEM.")] = None,
    nats_cert: Annotated[Path | None, typer.Option(help="Client certificate for it, PEM.")] = None,
    nats_key: Annotated[Path | None, typer.Option(help="Key of that certificate, PEM.")] = None,
    role: Annotated[str, typer.Option(help="What this process does: `all`, `api` or `decisions`.")] = "all",
    ready_file: Annotated[
        Path | None, typer.Option(help="Write JSON here (mode 0600) once everything is ready.")
    ] = None,
    account_id: Annotated[
        str, typer.Option(help="Number of the first account, 12 digits.", show_default="random")
    ] = "",
    email: Annotated[
        str, typer.Option(help="E-mail address of the first account's root user.")
    ] = "root@muniment.invalid",
    timeline: Annotated[
        str, typer.Option(help="PostgreSQL URL for the audit timeline.", show_default="SQLite in --data")
    ] = "",
    kek: Annotated[
        str,
        typer.Option(
            help="Key-encryption key: file:PATH, environment:NAME or command:COMMAND.", show_default="file in --data"
        ),
    ] = "",
    read_log: Annotated[
        bool, typer.Option("--read-log/--no-read-log", help="Record reads in the audit timeline too.")
    ] = True,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "warning",
) -> None:
    """Run Muniment: the log, the read models and the API, on one port.

    The first start makes the first account and prints its root credentials, once.
    """
    from muniment.ops.serving import (  # the web framework takes a second to load: no other command needs it
        ready_path,
        run,
    )

    settings = Settings(
        data=_folder(data, ephemeral),
        host=host,
        port=port,
        public_url=public_url,
        tls_cert=tls_cert,
        tls_key=tls_key,
        trusted_proxies=tuple(trusted_proxy or ()),
        ephemeral=ephemeral,
        nats=nats,
        nats_credentials=nats_credentials,
        nats_ca=nats_ca,
        nats_cert=nats_cert,
        nats_key=nats_key,
        role=_role(role),
        ready_file=ready_path(str(ready_file)) if ready_file else None,
        account_id=account_id,
        email=email,
        timeline=timeline,
        log_reads=read_log,
        kek=kek,
    )
    logs.configure(_level(log_level))
    run(settings, announce)


def announce(server: "Server") -> None:
    """Tell whoever started it where it is, and on the first start how to come in."""
    kept = "nothing (ephemeral)" if server.settings.ephemeral else str(server.settings.data)
    out.print(f"[bold]Muniment[/] is ready at [bold]{server.endpoint}[/]   data: {kept}")
    founded = server.founded
    if founded is None:
        out.print("stop with Ctrl-C; lost the root credentials? `muniment accounts reset-root`")
        return
    root = founded.root
    out.print(f"\nThe first account is [bold]{founded.account_id}[/]. Its root credentials are shown this once:\n")
    out.print(f"export AWS_ACCESS_KEY_ID={root.access_key_id}")
    out.print(f"export AWS_SECRET_ACCESS_KEY={root.secret.reveal()}")
    out.print("export AWS_DEFAULT_REGION=us-east-1")
    out.print(f"export AWS_ENDPOINT_URL={server.endpoint}")
    out.print("\nThen, for example:\n")
    out.print(f"aws --endpoint-url {server.endpoint} iam create-user --user-name ana")
    out.print(
        f"python3 -c \"import boto3; print(boto3.client('iam', endpoint_url='{server.endpoint}').list_users()['Users'])\"\n"
    )


def _folder(data: Path | None, ephemeral: bool) -> Path:
    if data is None and ephemeral:
        return Path(tempfile.mkdtemp(prefix="muniment-"))
    return (data or default_data()).expanduser()


def _role(text: str) -> Role:
    if text not in ("all", "api", "decisions"):
        raise typer.BadParameter(f"`{text}` is not one of all, api, decisions", param_hint="--role")
    return text  # type: ignore[return-value]


def _level(text: str) -> logs.Level:
    if text not in ("debug", "info", "warning", "error"):
        raise typer.BadParameter(f"`{text}` is not one of debug, info, warning, error", param_hint="--log-level")
    return text  # type: ignore[return-value]
