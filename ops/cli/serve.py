"""`muniment serve`."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from muniment.ops import logs
from muniment.ops.cli.serve_options import (
    KEK,
    NATS,
    AccountId,
    DataFolder,
    DecisionDays,
    DecisionLog,
    Email,
    Ephemeral,
    FederationAllow,
    FederationCa,
    Host,
    LogLevel,
    NatsAnswers,
    NatsCa,
    NatsCert,
    NatsCredentials,
    NatsKey,
    NatsMonitor,
    Port,
    PublicUrl,
    ReadLog,
    ReadyFile,
    RoleName,
    RotationAllow,
    RotationCa,
    RotationNats,
    RotationNatsCredentials,
    SamlAudience,
    Timeline,
    TlsCert,
    TlsKey,
    TrustedProxy,
)
from muniment.ops.settings import PORT_DEFAULT, Role, Settings, default_data

if TYPE_CHECKING:
    from muniment.ops.serving import Server

out = Console(highlight=False, soft_wrap=True)

# Options that are settings of the same name, taken as they are.
AS_GIVEN = (
    "host",
    "port",
    "public_url",
    "tls_cert",
    "tls_key",
    "ephemeral",
    "nats",
    "nats_credentials",
    "nats_ca",
    "nats_cert",
    "nats_key",
    "nats_answers",
    "account_id",
    "email",
    "timeline",
    "federation_ca",
    "saml_audience",
    "rotation_ca",
    "rotation_nats",
    "rotation_nats_credentials",
    "decision_days",
    "kek",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    host: Host = "127.0.0.1",
    port: Port = PORT_DEFAULT,
    public_url: PublicUrl = "",
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    trusted_proxy: TrustedProxy = None,
    data: DataFolder = None,
    ephemeral: Ephemeral = False,
    nats: NATS = "",
    nats_credentials: NatsCredentials = None,
    nats_ca: NatsCa = None,
    nats_cert: NatsCert = None,
    nats_key: NatsKey = None,
    nats_answers: NatsAnswers = None,
    nats_monitor: NatsMonitor = None,
    role: RoleName = "all",
    ready_file: ReadyFile = None,
    account_id: AccountId = "",
    email: Email = "root@muniment.invalid",
    timeline: Timeline = "",
    kek: KEK = "",
    federation_allow: FederationAllow = None,
    federation_ca: FederationCa = None,
    saml_audience: SamlAudience = "",
    rotation_allow: RotationAllow = None,
    rotation_ca: RotationCa = None,
    rotation_nats: RotationNats = "",
    rotation_nats_credentials: RotationNatsCredentials = None,
    read_log: ReadLog = True,
    decision_log: DecisionLog = "all",
    decision_days: DecisionDays = None,
    log_level: LogLevel = "warning",
) -> None:
    """Run Muniment: the log, the read models and the API, on one port.

    The first start makes the first account and prints its root credentials, once.
    """
    given = locals()
    from muniment.ops.serving import ready_path, run  # only here: the web framework takes a second to load

    settings = Settings(
        **{name: given[name] for name in AS_GIVEN},
        data=_folder(data, ephemeral),
        trusted_proxies=tuple(trusted_proxy or ()),
        nats_monitors=tuple(nats_monitor or ()),
        role=_role(role),
        ready_file=ready_path(str(ready_file)) if ready_file else None,
        federation_allow=tuple(federation_allow or ()),
        rotation_allow=tuple(rotation_allow or ()),
        log_reads=read_log,
        decision_log=_share(decision_log),
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


def _share(text: str) -> float:
    named = {"all": 1.0, "off": 0.0}
    try:
        share = named[text] if text in named else float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise typer.BadParameter(f"`{text}` is neither all nor off nor between 0 and 1", param_hint="--decision-log")
    return share


def _level(text: str) -> logs.Level:
    if text not in ("debug", "info", "warning", "error"):
        raise typer.BadParameter(f"`{text}` is not one of debug, info, warning, error", param_hint="--log-level")
    return text  # type: ignore[return-value]
