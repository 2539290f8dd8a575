"""The types of organization policies, and those policies that come with Muniment as they do with AWS.

Service control policies limit what an organization's accounts may do, resource control policies what may be done to their
resources; the other types are kept for whoever asks for them, and decide nothing (INTERFACES, organizations).
Source: AWS Organizations User Guide, "Service control policies", "Resource control policies".
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from muniment.domain.policy.document import Kind

SCP: Final = "SERVICE_CONTROL_POLICY"
RCP: Final = "RESOURCE_CONTROL_POLICY"
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({SCP: Kind.SCP, RCP: Kind.RCP})  # the types that decide
FULL_ACCESS: Final = "p-FullAWSAccess"
FULL_RESOURCE_ACCESS: Final = "p-RCPFullAWSAccess"
# what every node has as soon as the type is enabled
DEFAULT_POLICIES: Final[Mapping[str, str]] = MappingProxyType({SCP: FULL_ACCESS, RCP: FULL_RESOURCE_ACCESS})


class GivenPolicy(msgspec.Struct, frozen=True):
    """A policy that every organization has and none may change."""

    id: str
    type: str
    name: str
    description: str
    document: str

    @property
    def arn(self) -> str:
        """arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"""
        return f"arn:aws:organizations::aws:policy/{self.type.lower()}/{self.id}"


def _document(**statement: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


GIVEN: Final[Mapping[str, GivenPolicy]] = MappingProxyType(
    {
        policy.id: policy
        for policy in (
            GivenPolicy(
                FULL_ACCESS,
                SCP,
                "FullAWSAccess",
                "Allows access to every operation",
                _document(Effect="Allow", Action="*", Resource="*"),
            ),
            GivenPolicy(
                FULL_RESOURCE_ACCESS,
                RCP,
                "RCPFullAWSAccess",
                "Allows access to every resource",
                _document(Effect="Allow", Principal="*", Action="*", Resource="*"),
            ),
        )
    }
)
