"""A row as a CloudTrail record, version 1.11: what `muniment audit` exports and LookupEvents carries.

Source: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element". Secrets were never in a row.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from muniment.domain import arn
from muniment.domain.ids import NOBODY
from muniment.domain.sealing import VOUCHED_FOR
from muniment.projections.timeline import sign_in
from muniment.projections.timeline.row import Row

EVENT_VERSION: Final = "1.11"
_SOURCES: Final = {"sso-admin": "sso"}  # services whose events come under another name
# What a fact says that the request did not: the service made it.
_MADE: Final = frozenset(
    {"user_id", "group_id", "role_id", "policy_id", "account_id", "request_id", "root_id", "organization_id"}
)
_SESSIONS: Final = frozenset({"AssumedRole", "FederatedUser"})
_RECORDING: Final = ("Created", "Registered", "Joined")
_OWN: Final = frozenset(
    {
        "CommandRefused",
        "QueryRefused",
        "CommandConfirmed",
        "QueryAnswered",
        "RequestsThrottled",
        "UnauthenticatedRefused",
        "ForeignSecretChanged",
    }
)


def record_of(row: Row, region: str = "us-east-1") -> dict[str, Any]:
    """The record, in the order of the guide. Members that do not apply are left out, or null where the guide has them so."""
    record = row.record
    service, _, event = row.action.partition(":")
    requested, answered = _parameters(row)
    found: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": _identity(row),
        "eventTime": _moment(row.time),
        "eventSource": event_source(service),
        "eventName": event or service,
        "awsRegion": region,
        "sourceIPAddress": row.source,
        "userAgent": row.agent,
    }
    if row.refused:
        found |= {"errorCode": record.code, "errorMessage": record.message}
    shared = record.data.get("shared_event_id") if isinstance(record.data, dict) else None
    if record.boundary.startswith("secret.") and record.actor not in (row.account, NOBODY):
        shared = row.request_id  # changed from another account, which has it on record too: ForeignSecretChanged
    found |= {
        "requestParameters": requested or None,
        "responseElements": None if row.read_only or row.refused else answered or None,
        "additionalEventData": _additional(row),
        "requestID": row.request_id,
        "eventID": row.entry_id,
        "readOnly": row.read_only,
        "resources": [{"accountId": row.account, "type": kind, "ARN": arn} for kind, arn, _ in record.resources if arn],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": row.account,
        "eventCategory": "Management",
    }
    if row.fact in sign_in.FACTS and isinstance(record.data, dict):
        found |= sign_in.console_login(row.fact, record.data, found["additionalEventData"])
    return found | ({"sharedEventID": shared} if shared else {})


def record_json(row: Row, region: str = "us-east-1") -> str:
    """The record as one line of JSON."""
    return msgspec.json.encode(record_of(row, region)).decode()


def event_source(service: str) -> str:
    """The service as CloudTrail names it: `iam.amazonaws.com`."""
    return f"{_SOURCES.get(service, service)}.amazonaws.com"


def services_of(source: str) -> tuple[str, ...]:
    """The services whose events come from `source`."""
    name = source.removesuffix(".amazonaws.com")
    return (name, *(service for service, shown in _SOURCES.items() if shown == name))


def _identity(row: Row) -> dict[str, Any]:
    record = row.record
    kind = record.type if row.principal or row.principal_id else "Unknown"
    if kind == "Unknown" or record.actor == NOBODY:
        return {"type": "Unknown"} | ({"accessKeyId": row.credential} if row.credential else {})
    principal_id = f"{row.principal_id}:{record.session}" if kind in _SESSIONS and record.session else row.principal_id
    found: dict[str, Any] = {
        "type": kind,
        "principalId": principal_id,
        "arn": row.principal,
        "accountId": record.actor,
        "accessKeyId": row.credential,
    }
    if kind in ("IAMUser", *VOUCHED_FOR):
        found["userName"] = row.user_name
    if kind in VOUCHED_FOR:
        found["identityProvider"] = record.issuer_arn
    if record.mfa is not None or record.issued:
        found["sessionContext"] = _session_context(row)
    return {name: value for name, value in found.items() if value}


def _session_context(row: Row) -> dict[str, Any]:
    """The session that the request was made with: whose rights it has, when it began, who is behind it."""
    record = row.record
    attributes = {"mfaAuthenticated": "true" if record.mfa else "false"}
    if record.issued:
        attributes["creationDate"] = _moment(record.issued)
    found: dict[str, Any] = {"attributes": attributes}
    if record.issuer and record.issuer_arn:
        found["sessionIssuer"] = {
            "type": "Role" if record.type == "AssumedRole" else "IAMUser",
            "principalId": record.issuer,
            "arn": record.issuer_arn,
            "accountId": record.actor,
            "userName": arn.name_of(record.issuer_arn),
        }
    if record.source_identity:
        found["sourceIdentity"] = record.source_identity
    return found


def _issued(data: dict[str, Any]) -> dict[str, Any]:
    """What a caller was given, without its secrets: CloudTrail shows the session token, we do not."""
    expiration = _moment(data["expires"])
    found: dict[str, Any] = {"credentials": {"accessKeyId": data["access_key_id"], "expiration": expiration}}
    member = {"AssumedRole": "assumedRoleUser", "FederatedUser": "federatedUser"}.get(data["session_type"])
    if member is not None:
        name = arn.name_of(data["session_arn"])
        owner = data["principal_id"] if member == "assumedRoleUser" else data["session_arn"].split(":")[4]
        identity = "assumedRoleId" if member == "assumedRoleUser" else "federatedUserId"
        found[member] = {identity: f"{owner}:{name}", "arn": data["session_arn"]}
    named = {"source_identity": "sourceIdentity", "packed_policy_size": "packedPolicySize", "provider": "provider"}
    return found | {shown: data[name] for name, shown in named.items() if data.get(name)}


def _parameters(row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was asked and what was made, with CloudTrail's spelling: `userName`."""
    requested = {_camel(name): value for name, value in row.record.parameters.items()}
    answered: dict[str, Any] = {}
    if row.fact in _OWN or not isinstance(row.record.data, dict):
        return requested, answered
    if row.fact == "SessionIssued":
        return requested, _issued(row.record.data)
    creating = row.fact.endswith(_RECORDING)
    for name, value in row.record.data.items():
        (answered if creating and name in _MADE else requested).setdefault(_camel(name), value)
    return requested, answered


def _additional(row: Row) -> dict[str, Any]:
    """What CloudTrail has no member for: our fact, its place in the log, and what it replaced."""
    record = row.record
    found: dict[str, Any] = {
        "fact": row.fact,
        "stream": row.stream,
        "sequence": row.sequence,
        "boundary": record.boundary,
        "version": record.version,
    }
    if record.changes:
        found["changes"] = record.changes
    if row.severity != "low":
        found["severity"] = row.severity
    if record.correlation:
        found["correlation"] = record.correlation
    return found


def _moment(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _camel(name: str) -> str:
    """`user_name` and `UserName` as `userName`. Of `SSHPublicKey` CloudTrail makes `sSHPublicKey`, and so does this."""
    if "_" in name or name.islower():
        first, *others = name.split("_")
        return first + "".join(part.capitalize() for part in others)
    return name[:1].lower() + name[1:]
