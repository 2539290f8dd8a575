"""Options that several commands share: which log, and how the answer is printed."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None, typer.Option("--data", help="The data directory.", show_default="the user's data directory")
]
Nats = Annotated[str, typer.Option("--nats", help="URL of an external NATS server in place of the embedded one.")]
NatsCredentials = Annotated[
    Path | None, typer.Option("--nats-credentials", help="Its .creds or nkey seed file, mode 0600.")
]
AsJSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
