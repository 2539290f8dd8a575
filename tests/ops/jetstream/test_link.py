"""A connection that is kept up: what is listened to, whenever it was asked for."""

import asyncio

from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.wire import Info


class Wire:
    """What the server was told."""

    def __init__(self):
        self.info, self.told = Info(), []

    def write(self, data):
        self.told += data.decode().splitlines()
        return True

    async def ping(self):
        await asyncio.sleep(60)


def test_a_subscription_that_comes_while_the_connection_is_being_made_is_told_once():
    async def connect():
        link, wire = Link(ConnectionSettings(("nats://127.0.0.1:1",))), Wire()
        link.subscribe("before", list, queue="q")
        link._introduce(wire)
        link.subscribe("meanwhile", list)
        link._wire = wire
        staying = asyncio.create_task(link._stay(wire))
        await asyncio.sleep(0)
        link.subscribe("after", list)
        link._lost.set()
        await staying
        return [line for line in wire.told if line.startswith("SUB")]

    assert asyncio.run(connect()) == ["SUB before q 1", "SUB meanwhile 2", "SUB after 3"]
