"""A real `muniment serve` process for tests: what a user would start, reached as a user would reach it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

MUNIMENT = Path(sys.executable).with_name("muniment")
AWS = Path(sys.executable).with_name("aws")
START_SECONDS_MAX = 60
SESSION = boto3.session.Session(region_name="us-east-1")  # one: each reads botocore's models anew


class Muniment:
    """One process. `data=None` is an ephemeral one."""

    def __init__(self, data=None, *options, environment=None, patience=START_SECONDS_MAX):
        self._folder = tempfile.TemporaryDirectory(prefix="muniment-test-")
        self.folder = Path(self._folder.name)
        self.data = data
        self.options = options
        self.environment = environment or {}
        self.patience = patience
        self.process = None
        self.ready = {}
        self.root = None
        self._told = 0

    def start(self):
        """Start it, and wait until it is ready."""
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        kept = ["--ephemeral"] if self.data is None else ["--data", str(self.data)]
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [MUNIMENT, "serve", *kept, "--port", "0", "--ready-file", ready, "--log-level", "info", *self.options],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment},
        )
        give_up = time.monotonic() + self.patience
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > give_up:
                self.process.kill()
                self.process.wait()
                self.log.close()
                raise AssertionError(f"muniment did not start:\n{self.output()}")
            time.sleep(0.02)
        self.ready = json.loads(ready.read_text())
        self.root = self.ready.get("root", self.root)
        return self

    def output(self):
        """Everything it has printed and logged."""
        return (self.folder / "log").read_text()

    def fresh_output(self):
        """What it has printed since this was asked last."""
        with (self.folder / "log").open() as log:
            log.seek(self._told)
            text = log.read()
            self._told = log.tell()
        return text

    @property
    def endpoint(self):
        return self.ready["endpoint"]

    @property
    def account(self):
        return self.ready["account_id"]

    def client(self, service, key=None, **config):
        """A boto3 client, as root or with the given CreateAccessKey answer."""
        key_id, secret = (
            (self.root["access_key_id"], self.root["secret_access_key"])
            if key is None
            else (key["AccessKeyId"], key["SecretAccessKey"])
        )
        return SESSION.client(
            service,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            endpoint_url=self.endpoint,
            config=Config(**{"retries": {"max_attempts": 1}, **config}),
        )

    def environ(self):
        """The environment that AWS tools and our CLI need to find it."""
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.root["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": self.root["secret_access_key"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def run(self, program, *words, check=True):
        """Run the aws or muniment program against it; the finished process, its output as text."""
        return subprocess.run(
            [program, *words], env=self.environ(), capture_output=True, text=True, check=check, timeout=60
        )

    def kill(self):
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self):
        """SIGTERM; the exit code."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.log.close()
        return self.process.returncode

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self._folder.cleanup()
