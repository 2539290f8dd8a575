"""The contract suites that ship inside `eventsourcing`, unmodified, on our recorder, factory and a real server.

They run on the stream IAM as the role `api`, so the permissions of that role are part of the contract too. Left out by
name: the suites of TrackingRecorder (2 tests) and ProcessRecorder (4), and the factory's tests that make those two
recorders: they are not offered, because projections keep their own checkpoints.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.sqlite import SQLiteAggregateRecorder
from eventsourcing.tests import application, persistence  # as modules: pytest would collect the bases as well
from eventsourcing.utils import Environment

from muniment.ops.jetstream import Factory
from muniment.ops.jetstream.factory import JetStreamFactory, share, unshare
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.recorder import JetStreamAggregateRecorder, JetStreamRecorder

PREFIX = "iam.account"  # the suites' ids are UUIDs: below it they are subjects that IAM takes


class _Connected:
    """Gives a suite its connection; the library's base classes know nothing of pytest's fixtures."""

    loop: NatsLoop

    @pytest.fixture(autouse=True)
    def _connect(self, loop: NatsLoop) -> None:
        self.loop = loop


class TestAggregateRecorder(_Connected, persistence.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return JetStreamAggregateRecorder(self.loop, "IAM", PREFIX, UUID)


class TestSnapshotRecorder(_Connected, persistence.AggregateRecorderTestCase):
    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.file = tmp_path / "snapshots.sqlite"

    def create_recorder(self) -> AggregateRecorder:
        env = {"JETSTREAM_LOOP": share(self.loop), "SNAPSHOTS_FILE": str(self.file)}
        return Factory(Environment(env=env)).aggregate_recorder("snapshots")


class TestApplicationRecorder(_Connected, persistence.ApplicationRecorderTestCase[JetStreamRecorder]):
    def create_recorder(self) -> JetStreamRecorder:
        return JetStreamRecorder(self.loop, "IAM", PREFIX, UUID)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationRecorderWithTextIds(TestApplicationRecorder):
    def create_recorder(self) -> JetStreamRecorder:
        return JetStreamRecorder(self.loop, "IAM", PREFIX, str)

    def new_originator_id(self) -> UUID | str:
        return str(uuid4())


class TestApplicationRecorderWithDottedIds(TestApplicationRecorder):
    def create_recorder(self) -> JetStreamRecorder:
        return JetStreamRecorder(self.loop, "IAM", "iam", str)

    def new_originator_id(self) -> UUID | str:
        return f"account.{uuid4().int % 10**12:012}"


class TestNonInterleaving(_Connected, persistence.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return JetStreamRecorder(self.loop, "IAM", PREFIX, UUID)


class TestFactory(_Connected, persistence.InfrastructureFactoryTestCase[JetStreamFactory]):
    # Not offered: projections keep their own checkpoints.
    test_create_tracking_recorder: ClassVar[Any] = None
    test_create_process_recorder: ClassVar[Any] = None

    def setUp(self) -> None:
        self.name = share(self.loop)
        self.env = Environment("App")
        self.env["PERSISTENCE_MODULE"] = "muniment.ops.jetstream"
        self.env["JETSTREAM_LOOP"] = self.name
        super().setUp()

    def tearDown(self) -> None:
        super().tearDown()
        unshare(self.name)

    def expected_factory_class(self) -> type[JetStreamFactory]:
        return JetStreamFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return JetStreamAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return JetStreamRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return TrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return TrackingRecorder

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return ProcessRecorder


class _InEnvironment(_Connected):
    """The application suites find their persistence module in the process's environment."""

    @pytest.fixture(autouse=True)
    def _environment(self, loop: NatsLoop, monkeypatch: pytest.MonkeyPatch) -> Any:
        name = share(loop)
        monkeypatch.setenv("PERSISTENCE_MODULE", "muniment.ops.jetstream")
        monkeypatch.setenv("JETSTREAM_LOOP", name)
        monkeypatch.setenv("JETSTREAM_PREFIX", PREFIX)
        yield
        unshare(name)


class TestExampleApplication(_InEnvironment, application.ExampleApplicationTestCase):
    expected_factory_topic = "muniment.ops.jetstream.factory:JetStreamFactory"


# One test reads a deprecated attribute and expects to be warned, which must not become an error.
@pytest.mark.filterwarnings("always::DeprecationWarning")
class TestApplication(_InEnvironment, application.ApplicationTestCase):
    pass


def test_the_persistence_module_offers_one_factory(loop: NatsLoop) -> None:
    name = share(loop)
    env = Environment(env={"PERSISTENCE_MODULE": "muniment.ops.jetstream", "JETSTREAM_LOOP": name})
    factory: InfrastructureFactory[Any] = InfrastructureFactory.construct(env)
    unshare(name)
    assert type(factory) is Factory
    assert isinstance(factory.aggregate_recorder("snapshots"), SQLiteAggregateRecorder)
    factory.close()
    assert "JETSTREAM_LOOP" not in os.environ
