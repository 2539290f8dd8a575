"""`make demo`: a two-minute tour against a server that keeps nothing; each step and its result are printed."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rich.console import Console

MUNIMENT = Path(sys.executable).with_name("muniment")
START_SECONDS_MAX = 60
POLICY = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}}

out = Console(highlight=False, soft_wrap=True)


class Tour:
    """The steps, numbered, each with what it does, the call, and what came back."""

    key: dict[str, Any]

    def __init__(self, ready: dict[str, Any], data: Path) -> None:
        self._data, self._account, self._before = data, ready["account_id"], ""
        self.endpoint, root = ready["endpoint"], ready["root"]
        self._root = boto3.session.Session(root["access_key_id"], root["secret_access_key"], region_name="us-east-1")
        self.iam = self._root.client("iam", endpoint_url=self.endpoint)
        self._number = 0
        self.environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": root["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": root["secret_access_key"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "COLUMNS": "150",
        }

    def step(self, title: str, call: str, do: Callable[[], str]) -> None:
        """Show and do one step."""
        self._number += 1
        out.print(f"\n[bold]{self._number}. {title}[/]\n   [cyan]{call}[/]")
        began = time.perf_counter()
        result = do()
        out.print(f"   [green]→[/] {result.strip()}   [dim]{(time.perf_counter() - began) * 1_000:.0f} ms[/]")

    def cli(self, *words: str) -> str:
        """Run the muniment program; its output, indented."""
        done = subprocess.run([MUNIMENT, *words], env=self.environment, capture_output=True, text=True, check=True)
        return "\n".join(f"     {line}" for line in done.stdout.splitlines()).strip()

    def as_ana(self) -> str:
        """What Ana's own key gets from ListUsers."""
        users = boto3.session.Session(self.key["AccessKeyId"], self.key["SecretAccessKey"], region_name="us-east-1")
        try:
            names = [user["UserName"] for user in users.client("iam", endpoint_url=self.endpoint).list_users()["Users"]]
        except ClientError as error:
            return f"[red]{error.response['Error']['Code']}[/]: {error.response['Error']['Message']}"
        return f"allowed: {names}"

    def run(self) -> None:
        """All steps."""
        self.step("boto3 creates a user", "iam.create_user(UserName='ana')", self._create)
        self.step("and a key for her", "iam.create_access_key(UserName='ana')", self._key)
        self.step("with it she may do nothing yet", "ana.list_users()", self.as_ana)
        self.step("a policy is attached", "iam.create_policy(…); iam.attach_user_policy(…)", self._attach)
        self.step("the decision flips, in the very next call", "ana.list_users()", self.as_ana)
        self.step("who did what, refusals too", "muniment audit --user ana", lambda: self.cli("audit", "--user", "ana"))
        self.step(
            "and to her",
            "muniment audit --resource ana --changes",
            lambda: self.cli("audit", "--resource", "ana", "--changes"),
        )
        data = ("--data", str(self._data))
        at = ("replay", self._account, "--at", self._before)
        self.step(
            "the account as it was before the policy, from the log alone", _shown(*at), lambda: self.cli(*at, *data)
        )
        since = ("replay", self._account, "--from", self._before)
        self.step("and what has changed since", _shown(*since), lambda: self.cli(*since, *data))
        self.step(
            "a read model is made anew beside the live one",
            "muniment rebuild access",
            lambda: self.cli("rebuild", "access"),
        )
        self.step("she may still do what she may", "ana.list_users()", self.as_ana)

    def _create(self) -> str:
        user = self.iam.create_user(UserName="ana", Tags=[{"Key": "team", "Value": "blue"}])["User"]
        return f"{user['Arn']}  {user['UserId']}"

    def _key(self) -> str:
        self.key = self.iam.create_access_key(UserName="ana")["AccessKey"]
        return f"{self.key['AccessKeyId']} (its secret is shown to its owner, once)"

    def _attach(self) -> str:
        self._before = datetime.now(UTC).isoformat()
        arn = self.iam.create_policy(PolicyName="list-users", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
        self.iam.attach_user_policy(UserName="ana", PolicyArn=arn)
        return str(arn)


@contextmanager
def server() -> Iterator[tuple[dict[str, Any], Path]]:
    """An ephemeral server: its ready file, and the folder it works in until it ends."""
    with tempfile.TemporaryDirectory(prefix="muniment-demo-") as folder:
        ready, data = Path(folder) / "ready.json", Path(folder) / "data"
        options = ["--ephemeral", "--data", data, "--port", "0", "--ready-file", ready]
        process = subprocess.Popen([str(MUNIMENT), "serve", *map(str, options)], stdout=subprocess.DEVNULL)
        try:
            give_up = time.monotonic() + START_SECONDS_MAX
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > give_up:
                    sys.exit("the server did not start: run `make serve` to see why")
                time.sleep(0.05)
            yield json.loads(ready.read_text()), data
        finally:
            process.terminate()
            process.wait()


def _shown(*words: str) -> str:
    return " ".join(["muniment", *(f"'{word}'" if " " in word else word for word in words)])


def main() -> None:
    """The tour."""
    out.print("[bold]Muniment[/]: a two-minute tour. The server keeps nothing and ends with the tour.")
    with server() as (ready, data):
        Tour(ready, data).run()
    out.print("\nNow for real: [bold]make serve[/]")


if __name__ == "__main__":
    main()
