"""`muniment provision`: makes the streams on an external NATS server, or refuses the ones that differ."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from muniment.ops.cli.serve_options import DecisionDays
from muniment.ops.jetstream.provision import provision as make
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.streams import ACTIVITY_DAYS

out = Console(highlight=False, soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("provision")(provision)


def provision(
    nats: Annotated[str, typer.Option("--nats", help="URL of the NATS server (or several, with commas).")],
    nats_credentials: Annotated[
        Path | None, typer.Option(help="Credentials of the `provision` role, mode 0600. No running process needs them.")
    ] = None,
    nats_ca: Annotated[Path | None, typer.Option(help="CA that signed the server's certificate, PEM.")] = None,
    nats_cert: Annotated[Path | None, typer.Option(help="Client certificate, PEM.")] = None,
    nats_key: Annotated[Path | None, typer.Option(help="Key of that certificate, PEM.")] = None,
    replicas: Annotated[int, typer.Option(help="Copies of each stream: 3 on a cluster.", min=1, max=5)] = 1,
    activity_days: Annotated[int, typer.Option(help="How long activity is kept.", min=1)] = ACTIVITY_DAYS,
    decision_days: DecisionDays = None,
) -> None:
    """Make the streams and buckets that Muniment needs. Run it again at any time: it changes nothing that is there.

    A stream that exists and is configured otherwise is refused, with the field that differs; only how long decisions are kept
    may be changed. An embedded server needs
    no provisioning.
    """
    settings = ConnectionSettings.external(
        nats, "provision", credentials_file=nats_credentials, tls_ca=nats_ca, tls_cert=nats_cert, tls_key=nats_key
    )
    made = make(settings, replicas, activity_days, decision_days)
    out.print(f"made: {', '.join(made)}" if made else "everything is there already")
