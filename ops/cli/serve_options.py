"""The options of `muniment serve`, each with its help text."""

from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str, typer.Option(help="Address to listen on. Anything but loopback needs TLS or a trusted proxy.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]
PublicUrl = Annotated[str, typer.Option(help="The URL that clients use, where it is another.")]
TlsCert = Annotated[Path | None, typer.Option(help="TLS certificate chain, PEM.")]
TlsKey = Annotated[Path | None, typer.Option(help="TLS private key, PEM.")]
TrustedProxy = Annotated[
    list[str] | None,
    typer.Option(help="Address or CIDR block of a TLS-terminating proxy in front; may be repeated."),
]
DataFolder = Annotated[
    Path | None, typer.Option(help="Where everything is kept.", show_default="the user's data directory")
]
Ephemeral = Annotated[
    bool, typer.Option("--ephemeral", help="Keep nothing, for tests of others; offers POST /_muniment/reset.")
]
NATS = Annotated[
    str, typer.Option(help="URL of an external NATS server (or several, with commas) in place of the embedded one.")
]
NatsCredentials = Annotated[Path | None, typer.Option(help="Its .creds or nkey seed file, mode 0600.")]
NatsCa = Annotated[Path | None, typer.Option(help="CA that signed its certificate, PEM.")]
NatsCert = Annotated[Path | None, typer.Option(help="Client certificate for it, PEM.")]
NatsAnswers = Annotated[
    Path | None,
    typer.Option("--nats-answers", help="Credentials of the role `answers`: decide for programs on NATS too."),
]
NatsKey = Annotated[Path | None, typer.Option(help="Key of that certificate, PEM.")]
NatsMonitor = Annotated[
    list[str] | None,
    typer.Option(help="Monitoring URL of an external server, for readiness to see that it syncs; may be repeated."),
]
RoleName = Annotated[str, typer.Option(help="What this process does: `all`, `api` or `decisions`.")]
ReadyFile = Annotated[Path | None, typer.Option(help="Write JSON here (mode 0600) once everything is ready.")]
AccountId = Annotated[str, typer.Option(help="Number of the first account, 12 digits.", show_default="random")]
Email = Annotated[str, typer.Option(help="E-mail address of the first account's root user.")]
Timeline = Annotated[str, typer.Option(help="PostgreSQL URL for the audit timeline.", show_default="SQLite in --data")]
KEK = Annotated[
    str,
    typer.Option(
        help="Key-encryption key: file:PATH, environment:NAME or command:COMMAND.", show_default="file in --data"
    ),
]
FederationAllow = Annotated[
    list[str] | None,
    typer.Option(help="HOST:PORT of an identity provider that may have a private address; may be repeated."),
]
FederationCa = Annotated[
    Path | None, typer.Option(help="Further CAs that identity providers' certificates may be signed by, PEM.")
]
SamlAudience = Annotated[
    str, typer.Option(help="Whom SAML assertions must be made for.", show_default="the endpoint and /saml")
]
RotationAllow = Annotated[
    list[str] | None,
    typer.Option(
        help="HOST:PORT of a rotation target that may have a private address (FOLDER:PORT of a socket); may be repeated."
    ),
]
RotationCa = Annotated[
    Path | None, typer.Option(help="Further CAs that rotation targets' certificates may be signed by, PEM.")
]
RotationNats = Annotated[str, typer.Option(help="URL of the NATS server on which rotation functions answer.")]
RotationNatsCredentials = Annotated[Path | None, typer.Option(help="Its .creds or nkey seed file, mode 0600.")]
ReadLog = Annotated[bool, typer.Option("--read-log/--no-read-log", help="Record reads in the audit timeline too.")]
DecisionLog = Annotated[
    str, typer.Option("--decision-log", help="Which decisions to log: `all`, `off`, or a share such as 0.01.")
]
DecisionDays = Annotated[
    int | None,
    typer.Option(
        min=1, max=3_650, help="For how many days to keep logged decisions.", show_default="as before; at first 30"
    ),
]
LogLevel = Annotated[str, typer.Option(help="debug, info, warning or error.")]
