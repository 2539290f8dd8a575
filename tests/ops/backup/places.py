"""Where backups are made of and restored to, as tests look at them."""

from muniment.ops.backup.archive import Archive
from muniment.ops.backup.backup import STREAMS
from muniment.ops.backup.restore import Keys, Restore
from muniment.ops.backup.target import Target
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.signing import SigningKeys
from tests.ops.realm import Realm

CHECKPOINTS = "IAM_CHECKPOINTS"


def restoring(place: Realm, path, keys, **options) -> Restore:
    archive = Archive(path)
    known = Keys(place.store, place.keks, keys)
    publisher = Publisher(place.loop, CHECKPOINTS)
    return Restore(
        archive,
        known,
        Target(place.connect("provision"), place.loop, archive.reader.check(known.heads)),
        place.source,
        lambda subject, head: publisher.publish([(subject, head)]),
        place.file,
        **options,
    )


def everything(place: Realm):
    return {name: place.messages(name) for name in STREAMS}


def fresh(place: Realm):
    """The keys of a place, read anew."""
    return KeyRing(place.store, place.keks), SigningKeys(place.store, place.keks, "heads")
