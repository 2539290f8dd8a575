"""Old keys that nobody uses: found in all accounts, and reminded of once."""

from muniment.commands.iam.access_keys import CreateAccessKey, UpdateAccessKey
from muniment.commands.iam.users import CreateUser
from muniment.commands.muniment.credential_use import DAY
from muniment.commands.task import Context
from muniment.domain.account.keys import AccessKeyRotationReminded
from muniment.ops.reminding import Reminder
from tests.commands.test_ledger import BOUNDARY, ROOT, ledger


class Known:
    """The directory, of one account."""

    def __init__(self, log):
        self.log = log

    def boundaries(self, kind):
        return (BOUNDARY,) if kind == "account" else ()

    def state(self, boundary):
        return self.log.boundaries.get(boundary)


def test_each_old_key_is_reminded_of_once_and_again_after_ninety_days():
    moment = [1_700_000_000_000_000]
    with ledger(now=lambda: moment[0]) as log:
        for name in ("ana", "eva"):
            log.execute(CreateUser(user_name=name), Context(ROOT, "r"))
        keys = [log.execute(CreateAccessKey(user_name=name), Context(ROOT, "r")) for name in ("ana", "eva")]
        key_ids = [key.result["AccessKey"]["AccessKeyId"] for key in keys]
        off = UpdateAccessKey(user_name="eva", access_key_id=key_ids[1], status="Inactive")
        log.execute(off, Context(ROOT, "r"))
        reminder = Reminder(log, Known(log))
        assert reminder.remind() == 0
        moment[0] += 91 * DAY
        assert [reminder.remind(), reminder.remind()] == [1, 0]
        moment[0] += 91 * DAY
        assert reminder.remind() == 1
        facts = [entry.fact for entry in log.events.get(BOUNDARY)]
        assert [fact for fact in facts if type(fact) is AccessKeyRotationReminded] == [
            AccessKeyRotationReminded("ana", key_ids[0], age) for age in (91, 182)
        ]


def test_it_begins_and_ends():
    with ledger() as log:
        reminder = Reminder(log, Known(log))
        reminder.close()
        reminder = Reminder(log, Known(log))
        reminder.start()
        reminder.close()
        assert not reminder._thread.is_alive()
