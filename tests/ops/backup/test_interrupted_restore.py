"""A restore that was interrupted anywhere cannot be served, and goes on where it was."""

import pytest

from muniment.ops.backup import restore as restore_module
from muniment.ops.backup.backup import STREAMS, back_up
from muniment.ops.backup.restore import Restore
from muniment.ops.backup.target import RestoreRefused, Target
from muniment.ops.jetstream.provision import RestoreUnfinished, provision, reset
from muniment.ops.verify import verify
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from tests.ops.backup.places import CHECKPOINTS, everything, fresh, restoring


class Interrupted(BaseException):
    """The process ends here."""


def interrupt_at(nth):
    """A progress function that ends the process at its nth call."""
    calls = iter(range(nth + 1))

    def progress(what, done, total):
        if next(calls) == nth:
            raise Interrupted

    return progress


def test_a_restore_that_was_interrupted_anywhere_cannot_be_served_and_goes_on(origin, copies, empty, monkeypatch):
    monkeypatch.setattr(restore_module, "WRITE_MESSAGES", 8)
    nth = 0
    while True:
        reset(empty.server.credentials("provision"))
        empty.file.close()
        empty.file.path.unlink(missing_ok=True)
        try:
            restoring(empty, *copies, progress=interrupt_at(nth)).run()
        except Interrupted:
            reached = any(everything(empty).values())
            if reached:
                with pytest.raises(RestoreUnfinished, match="run `muniment restore` again"):
                    provision(empty.server.credentials("provision"), ephemeral=True)
            restoring(empty, *copies).run()
            assert everything(empty)[IAM] == origin.messages(IAM)
            ring, heads = fresh(empty)
            report = verify(
                [empty.source(IAM), empty.source(IAM_ACTIVITY)], empty.source(CHECKPOINTS), empty.file, ring, heads
            )
            assert report.findings == ()
            nth += 3
        else:
            break
    assert nth > 10


@pytest.mark.parametrize("step", ["sign", "finish 1", "finish 2"])
def test_a_restore_that_was_interrupted_at_its_end_goes_on(origin, copies, empty, monkeypatch, step):
    work = restoring(empty, *copies)
    finish, calls = Target.finish, iter(range(9))

    def interrupted(self, span):
        if next(calls) == int(step.split()[-1]):
            raise Interrupted
        finish(self, span)

    if step == "sign":
        monkeypatch.setattr(Restore, "_sign", lambda self: (_ for _ in ()).throw(Interrupted))
    else:
        monkeypatch.setattr(Target, "finish", interrupted)
    with pytest.raises(Interrupted):
        work.run()
    monkeypatch.undo()
    assert restoring(empty, *copies).run().resumed
    ring, heads = fresh(empty)
    report = verify([empty.source(IAM), empty.source(IAM_ACTIVITY)], empty.source(CHECKPOINTS), empty.file, ring, heads)
    assert report.findings == ()
    assert len(empty.messages(CHECKPOINTS)) == len(origin.messages(CHECKPOINTS)) + 2
    with pytest.raises(RestoreRefused, match="already"):
        restoring(empty, *copies).run()


def test_another_backup_does_not_go_on_where_one_was_interrupted(origin, copies, empty, tmp_path):
    with pytest.raises(Interrupted):
        restoring(empty, *copies, progress=interrupt_at(6)).run()
    back_up([origin.source(name) for name in STREAMS], origin.ring, origin.heads, tmp_path / "log", clock=lambda: 5)
    with pytest.raises(RestoreRefused, match="part of another backup"):
        restoring(empty, tmp_path / "log", copies[1]).run()
