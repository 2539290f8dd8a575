"""`muniment backup` and `muniment restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from muniment.ops import actions as _actions  # noqa: F401 - every fact must be known before a log is read
from muniment.ops.backup.archive import Archive, Span
from muniment.ops.backup.backup import STREAMS, BackedUp, back_up
from muniment.ops.backup.frames import BadArchive
from muniment.ops.backup.place import Place, check_kek, embedded_place, external_place, forget_caches
from muniment.ops.backup.restore import Keys, Restore
from muniment.ops.backup.target import Restored, RestoreFailed, RestoreRefused, Target
from muniment.ops.cli.options import AsJSON, Data, Nats, NatsCredentials
from muniment.ops.cli.reading import HeadsPath, err, fail, opened_log, out, progress, told
from muniment.ops.jetstream.keystore import JetStreamKeyStore
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import kek_source
from muniment.ops.notary.file import FILE, HeadsFile
from muniment.ops.notary.head import CHECKPOINTS
from muniment.ops.settings import default_data


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="Where the backup goes; it must not exist yet.")],
    keys: Annotated[
        Path | None,
        typer.Option(help="Where the wrapped keys go: a file of its own, kept apart and no longer than 30 days."),
    ] = None,
    as_json: AsJSON = False,
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
) -> None:
    """Copy the whole log into one signed file, while the server runs or not. Only its owner may read it (mode 0600).

    Every message of the log is copied byte for byte with its place and time, and verified on the way: a damaged log is not
    backed up. Secrets and addresses in it are sealed. What opens them, the wrapped keys, goes only where `--keys` says: keep
    that file somewhere else, and delete it after 30 days at most, or what you erased could come back. The key-encryption
    key itself (`kek` in the data directory) is in neither.

    Example: `muniment backup /backup/log-2026-03-01 --keys /safe/keys-2026-03-01`
    """
    if keys is not None and keys.expanduser().resolve() == file.expanduser().resolve():
        fail("`--keys` must name another file: a backup and the keys to it are kept apart")
    with opened_log(data, nats, nats_credentials) as log, progress("copying") as show:
        done = back_up(
            [log.source(name) for name in STREAMS],
            log.verifier,
            log.heads,
            file.expanduser(),
            store=log.host.store,
            keys_path=keys.expanduser() if keys is not None else None,
            progress=show,
        )
    if as_json:
        _json(msgspec.to_builtins(done))
    else:
        _show_backup(done)


def _show_backup(done: BackedUp) -> None:
    out.print(f"[bold green]backed up[/] {done.messages} messages into {done.path} ({done.bytes:,} bytes)")
    for span in done.spans:
        out.print(f"  {span.stream:<15} {_holds(span)}  epoch {span.epoch}")
    out.print(f"  SHA-256         {done.sha256}")
    if done.keys_path:
        out.print(f"{done.keys} wrapped keys into {done.keys_path}: keep it apart, at most 30 days")
    else:
        out.print("no keys were backed up: what is sealed can be read only with the keys of this log (see --keys)")


def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", exists=True, dir_okay=False)],
    keys: Annotated[
        Path | None,
        typer.Option(
            help="The key backup. Not needed where the target still holds its keys.", exists=True, dir_okay=False
        ),
    ] = None,
    data: Data = None,
    kek: Annotated[
        str,
        typer.Option(
            help="Where the key-encryption key comes from: file:PATH, environment:NAME or command:LINE.",
            show_default="`kek` in the data directory",
        ),
    ] = "",
    heads: HeadsPath = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
    provision_credentials: Annotated[
        Path | None, typer.Option(help="With --nats: credentials of the `provision` role, mode 0600.")
    ] = None,
    nats_ca: Annotated[Path | None, typer.Option(help="With --nats: CA that signed the server's certificate.")] = None,
    as_json: AsJSON = False,
) -> None:
    """Restore a backup into an empty place. Nothing is ever overwritten.

    The backup is verified first, then written, then compared byte for byte. The restored log keeps its positions and the
    times of its entries, and begins a new epoch: positions handed out before are not valid any more, and read models fill
    anew. What the log says was erased is erased again. If it is interrupted, run the same command again: it goes on.

    Stop `muniment serve` on that data directory first. Put the old host's key-encryption key there before.

    Example: `muniment restore /backup/log-2026-03-01 --keys /safe/keys-2026-03-01 --data ~/restored`
    """
    where = (data or default_data()).expanduser()
    if bool(nats) != bool(provision_credentials):
        fail("`--nats` and `--provision-credentials` go together: a restore makes streams, which only that role may")
    with _told(), _place(where, nats, nats_credentials, provision_credentials, nats_ca, kek) as place:
        done = _restore(
            place, file, keys, KEKs(kek_source(kek, where)), HeadsFile((heads or where / FILE).expanduser())
        )
        if not nats:
            forget_caches(where)
    if as_json:
        _json(msgspec.to_builtins(done))
    else:
        _show_restore(done)


def _restore(place: Place, file: Path, keys: Path | None, keks: KEKs, heads: HeadsFile) -> Restored:
    archive = Archive(file)
    known = Keys(JetStreamKeyStore(place.writer), keks, keys)
    publisher = Publisher(place.writer, CHECKPOINTS)
    target = Target(place.admin, place.writer, archive.reader.check(known.heads))
    with progress("") as show:
        work = Restore(
            archive,
            known,
            target,
            place.source,
            lambda subject, head: publisher.publish([(subject, head)]),
            heads,
            show,
        )
        return work.run()


@contextmanager
def _place(
    data: Path, nats: str, credentials: Path | None, admin: Path | None, ca: Path | None, kek: str
) -> Iterator[Place]:
    check_kek(data, kek)
    if not nats:
        with embedded_place(data) as place:
            yield place
        return
    writer = ConnectionSettings.external(nats, "api", credentials_file=credentials, tls_ca=ca)
    with external_place(
        ConnectionSettings.external(nats, "provision", credentials_file=admin, tls_ca=ca), writer
    ) as place:
        yield place


@contextmanager
def _told() -> Iterator[None]:
    with told():
        try:
            yield
        except (BadArchive, RestoreRefused) as refused:
            err.print("[bold]nothing was changed[/]")
            fail(str(refused))
        except RestoreFailed as failed:
            err.print("[bold]the restore is not complete, and what is there cannot be served[/]")
            fail(str(failed))


def _show_restore(done: Restored) -> None:
    out.print(
        f"[bold green]restored[/] {sum(span.last - span.first + 1 for span in done.spans)} messages"
        + (f" ({done.messages} of them now: an interrupted restore was gone on with)" if done.resumed else "")
    )
    for span in done.spans:
        out.print(f"  {span.stream:<15} {_holds(span)}  epoch {span.epoch} → {done.epochs[span.stream]}")
    out.print(f"{done.keys} wrapped keys" + (f", {len(done.erased)} of them erased again" if done.erased else ""))
    out.print("Next: `muniment verify`, then `muniment serve` on that data directory.")


def _holds(span: Span) -> str:
    return f"{span.first}–{span.last}" if span.last >= span.first else "empty"


def _json(document: Any) -> None:
    out.print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode(), markup=False)
