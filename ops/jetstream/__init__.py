"""NATS JetStream: the log, its supervisor, its provisioning, and the fast reader.

As a persistence module of `eventsourcing` (`PERSISTENCE_MODULE=muniment.ops.jetstream`) it names one factory. Readers
in other programs need no `eventsourcing`; where it is not installed the factory is not offered.
"""

from importlib.util import find_spec

if find_spec("eventsourcing") is not None:
    from muniment.ops.jetstream.factory import Factory

    __all__ = ["Factory"]
