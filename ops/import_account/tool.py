"""The import as one call: read the files, look at the target, plan, send, report."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from muniment.ops.import_account.execute import Outcome, Watch, execute
from muniment.ops.import_account.moving import Move
from muniment.ops.import_account.plan import plan
from muniment.ops.import_account.reading import read_files
from muniment.ops.import_account.report import Report, counted
from muniment.ops.import_account.target import Target, account_of, everything, known_aws_policies


def import_account(
    paths: Iterable[Path],
    target: Target,
    *,
    keep_documents: bool = False,
    dry_run: bool = False,
    watch: Watch = lambda step, done, total: None,
) -> Report:
    """Make the target account hold what the files tell of. With `dry_run` only say what would be sent.

    Raises NotAnAccount and OSError for the files, Unreachable and Refusal where the target cannot be looked at.
    """
    found = read_files(paths)
    number = account_of(target)
    move = Move(found.account, number, keep_documents)
    planned = plan(move.inventory(found), everything(target), known_aws_policies(target))
    if dry_run:
        outcome = Outcome(Counter(step.action for step in planned.steps), planned.not_taken)
    else:
        outcome = execute(target, planned, watch)
    return Report(
        found.account,
        number,
        counted(found),
        outcome.done.total(),
        dict(outcome.done),
        planned.same,
        outcome.not_taken,
        planned.notes,
        dry_run,
        outcome.stopped or None,
    )
