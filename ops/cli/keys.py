"""`muniment keys`: rotation of the key-encryption key and of the signing key, and the public keys that verify."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from muniment.ops.cli.options import AsJSON, Data, Nats, NatsCredentials
from muniment.ops.host import Host, on_host
from muniment.ops.jetstream.keystore import JetStreamKeyShredder
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.permissions import ROLES
from muniment.ops.jetstream.settings import new_seed, public_key, write_private
from muniment.ops.keys.keksource import KEKFile
from muniment.ops.keys.rotate import Rotation, rewrap_all
from muniment.ops.keys.verification import export
from muniment.ops.settings import BadSetting, default_data

TOGETHER: Final = 8  # keys that are wrapped at a time
app = typer.Typer(help="Keys: rotation, and what verifies.", no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="keys")


@app.command("rotate")
def rotate(
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Leave the old key on the list, for other nodes that still have only it.")
    ] = False,
    as_json: AsJSON = False,
) -> None:
    """Put a new key-encryption key in place of the old one. No read fails meanwhile; killed, it is run again.

    The key file gets a new first key, every wrapped data key is wrapped anew, old copies are overwritten, and the old
    key leaves the file once nothing needs it.
    """
    with on_host((data or default_data()).expanduser(), nats, nats_credentials) as host:
        source = KEKFile(host.settings.data / "kek")
        if not source.path.exists():
            raise BadSetting(f"the key-encryption key is not in `{source.path}`: rotate it where it comes from")
        if len(source.load()) == 1:  # else a rotation was begun and is now finished
            source.prepend()
        rotation = _rewrap_until_settled(host)
        if rotation.is_complete and not keep_old:
            source.keep_first()
    _show(rotation, as_json)


@app.command("rotate-signing")
def rotate_signing(data: Data = None, nats: Nats = "", nats_credentials: NatsCredentials = None) -> None:
    """Put a new signing key for entries first; the old ones go on verifying what they signed."""
    with on_host((data or default_data()).expanduser(), nats, nats_credentials) as host:
        out.print(f"entries are signed with key [bold]{host.ring.entries.rotate()}[/] from now on")


@app.command("public")
def public(data: Data = None, nats: Nats = "", nats_credentials: NatsCredentials = None) -> None:
    """Print the keys that verify entries and the calls of webhooks, a JWK set: none of them is secret."""
    with on_host((data or default_data()).expanduser(), nats, nats_credentials) as host:
        typer.echo(export(host.ring.entries.public()).decode())


@app.command("nats")
def nats_keys(folder: Annotated[Path, typer.Argument(help="Where the files go; made with mode 0700.")]) -> None:
    """Make one nkey a role for an external NATS cluster.

    `ROLE.seed` (mode 0600) is for whoever acts in that role, `nats.env` holds the public keys for the servers
    (`ops/deploy/nats/node.conf`). Existing seeds are kept.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = []
    for role in ROLES:
        seed = folder / f"{role}.seed"
        if not seed.exists():
            write_private(seed, new_seed())
        lines.append(f"MUNIMENT_NKEY_{role.upper()}={public_key(seed.read_text())}")
    write_private(folder / "nats.env", "\n".join(lines) + "\n")
    out.print(f"{folder}: {', '.join(f'{role}.seed' for role in ROLES)}, nats.env")


def _rewrap_until_settled(host: Host) -> Rotation:
    """Wrap everything, which is quick; then overwrite the old copies, which is not, as often as another process has wrapped a
    key with the old one in between."""
    loop = NatsLoop(host.as_role("erasure"))
    try:
        with Progress(console=err, transient=True) as bar:
            total = _passed(host, None, bar, "wrapping keys")
            shredded = 0
            while True:
                again = _passed(host, JetStreamKeyShredder(loop), bar, "overwriting old copies")
                shredded += again.shredded
                if not again.rewrapped or again.failed:
                    break
    finally:
        loop.close()
    return msgspec.structs.replace(total, total=again.total, shredded=shredded, failed=again.failed)


def _passed(host: Host, shredder: JetStreamKeyShredder | None, bar: Progress, what: str) -> Rotation:
    task = bar.add_task(what)
    return rewrap_all(
        host.store, host.keks, shredder, lambda n, of: bar.update(task, completed=n, total=of), together=TOGETHER
    )


def _show(rotation: Rotation, as_json: bool) -> None:
    if as_json:
        out.print(msgspec.json.encode(rotation).decode())
    else:
        out.print(
            f"key-encryption key [bold]{rotation.kek}[/]: {rotation.rewrapped} keys wrapped anew, {rotation.already} were, "
            f"{rotation.shredded} old copies overwritten"
        )
    if not rotation.is_complete:
        for name, reason in rotation.failed.items():
            err.print(f"[red]{name}[/]: {reason}")
        raise typer.Exit(1)
