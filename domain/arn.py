"""Amazon Resource Names: building and splitting them.

Source: AWS General Reference, "Amazon Resource Names (ARNs)": `arn:partition:service:region:account:resource`.
"""

from typing import Final

import msgspec

PARTITION: Final = "aws"


class ARN(msgspec.Struct, frozen=True, gc=False):
    """The six parts of an ARN; the sixth may itself hold `:` and `/`."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @classmethod
    def parse(cls, text: str) -> "ARN | None":
        """The parts of `text`, or None where it is not an ARN."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
            return None
        return cls(*parts[1:])


def iam(account: str, kind: str, path: str, name: str) -> str:
    """The ARN of an IAM entity: `arn:aws:iam::ACCOUNT:KIND/PATH/NAME`, where `path` begins and ends with `/`."""
    return f"arn:{PARTITION}:iam::{account}:{kind}{path}{name}"


def root(account: str) -> str:
    """The ARN of an account's root user, which also stands for the account itself in a Principal element."""
    return f"arn:{PARTITION}:iam::{account}:root"


def name_of(arn: str) -> str:
    """The last segment of an ARN's resource: the name of a user, group, role or policy."""
    return arn.rsplit("/", 1)[-1]
