"""What the commands that read the whole log share: its streams, its keys, a progress bar, and errors in one line."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from eventsourcing.persistence import PersistenceError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from muniment.ops.backup.times import OriginalTimes, with_original_times
from muniment.ops.host import Host, on_host
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.keys.signing import SigningKeys, SigningKeysUnusable
from muniment.ops.notary.file import FILE, HeadsFile
from muniment.ops.replay import BadMoment, ReplayFailed
from muniment.ops.settings import default_data
from muniment.projections.readmodel import IAM_ACTIVITY
from muniment.projections.source import SourceLost
from muniment.projections.verify import Broken

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

HeadsPath = Annotated[
    Path | None,
    typer.Option("--heads", help="The file of signed heads.", show_default=f"{FILE} in the data directory"),
]


class OpenLog:
    """The streams and keys of a host. Everything is closed with the context it came from."""

    def __init__(self, host: Host, data: Path, closing: ExitStack) -> None:
        self.host, self.data, self._closing = host, data, closing
        self.verifier = host.ring
        self.heads = SigningKeys(host.store, host.keks, "heads")

    def source(self, stream: str) -> StreamSource | OriginalTimes:
        """A stream, its times as they were before any restore."""
        source = StreamSource(self.host.as_role("decisions"), stream, expires=stream == IAM_ACTIVITY)
        self._closing.callback(source.close)
        return with_original_times(source, self.host.loop)

    def heads_file(self, path: Path | None) -> HeadsFile:
        """The file of signed heads."""
        return HeadsFile((path or self.data / FILE).expanduser())


@contextmanager
def opened_log(data: Path | None, nats: str, credentials: Path | None) -> Iterator[OpenLog]:
    """The log of a data directory or an external server. What goes wrong is told in one line; the program ends with 1."""
    place = (data or default_data()).expanduser()
    with told(), ExitStack() as closing:
        host = closing.enter_context(on_host(place, nats, credentials))
        yield OpenLog(host, place, closing)


@contextmanager
def told() -> Iterator[None]:
    """Errors an operator can act on, in one line."""
    try:
        yield
    except Broken as broken:
        fail(f"the log is damaged at {broken}; `muniment verify` reads all of it")
    except (BadMoment, ReplayFailed, SourceLost, SigningKeysUnusable, NatsError, PersistenceError, OSError) as error:
        fail(str(error))


def fail(reason: str) -> None:
    """Say why, and end with 1."""
    err.print("[bold red]muniment:[/] ", end="")
    err.print(reason, markup=False)
    raise typer.Exit(1)


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stream on standard error, where that is a terminal: call it with (stream, done, total)."""
    columns = (TextColumn(f"{doing} {{task.description}}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        tasks = {}

        def show(stream: str, done: int, total: int) -> None:
            if stream not in tasks:
                tasks[stream] = bar.add_task(stream, total=total)
            bar.update(tasks[stream], completed=done, total=total)

        yield show
