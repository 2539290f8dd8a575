"""`muniment verify`: is the log what its writers signed?"""

from typing import Annotated

import msgspec
import typer

from muniment.ops.cli.options import AsJSON, Data, Nats, NatsCredentials
from muniment.ops.cli.reading import HeadsPath, opened_log, out, progress
from muniment.ops.notary.head import CHECKPOINTS
from muniment.ops.verify import Report
from muniment.ops.verify import verify as verify_log
from muniment.projections.readmodel import IAM, IAM_ACTIVITY


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    quick: Annotated[
        bool, typer.Option("--quick", help="Check the last signature of each chain, which vouches for the rest.")
    ] = False,
    heads: HeadsPath = None,
    as_json: AsJSON = False,
    data: Data = None,
    nats: Nats = "",
    nats_credentials: NatsCredentials = None,
) -> None:
    """Read the whole log and say whether it is what its writers signed. Ends with 1 when anything is wrong.

    Checks every entry's place, hash chain and signature, that no sequence is missing, and that the log is what the signed
    heads say it was: those in the log's own store, and those in the file outside of it. Names the first bad sequence of
    each stream. Reads only; needs no running server.

    Example: `muniment verify --heads /mnt/other-disk/heads.log`
    """
    with opened_log(data, nats, nats_credentials) as log:
        file = log.heads_file(heads)
        sources = [log.source(IAM), log.source(IAM_ACTIVITY)]
        with progress("verifying") as show:
            report = verify_log(
                sources, log.source(CHECKPOINTS), file, log.verifier, log.heads, every=not quick, progress=show
            )
    if as_json:
        out.print(
            msgspec.json.format(msgspec.json.encode({"sound": report.sound, **_told(report)})).decode(), markup=False
        )
    else:
        _show(report, file.path.exists(), str(file.path))
    if not report.sound:
        raise typer.Exit(1)


def _told(report: Report) -> dict[str, object]:
    told: dict[str, object] = msgspec.to_builtins(report)
    return told


def _show(report: Report, has_file: bool, path: str) -> None:
    for stream in report.streams:
        good = stream.verified >= stream.last
        verdict = "[green]good[/]" if good else f"[bold red]bad after {stream.verified}[/]"
        out.print(
            f"{stream.stream:<13} {verdict}  {stream.entries} entries ({stream.first}–{stream.last}) in {stream.chains} chains, "
            f"{stream.heads} signed heads agree, epoch {stream.epoch}"
            if good
            else f"{stream.stream:<13} {verdict}  of {stream.first}–{stream.last}, epoch {stream.epoch}"
        )
        for note in stream.notes:
            out.print(f"  note: {note}", markup=False)
    if not report.every_signature:
        out.print("note: only the last signature of each chain was checked, which vouches for those before it")
    if not has_file:
        out.print(f"note: there is no file of heads at {path}: a log cut short together with its store shows nowhere")
    for finding in report.findings:
        out.print(f"[bold red]wrong:[/] {finding.stream} {finding.sequence}: ", end="")
        out.print(finding.reason, markup=False)
    out.print("[bold green]the log is sound[/]" if report.sound else "[bold red]the log is not sound[/]")
