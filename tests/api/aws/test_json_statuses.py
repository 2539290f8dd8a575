"""JSON 1.1 services answer a caller's faults with 400, whatever HTTP would say (AWS Organizations API Reference, Common errors)."""

import pytest

from muniment.api.aws.protocols import Target, render_error

ORGANIZATIONS = Target("organizations", "json", "ListAccounts")


@pytest.mark.parametrize(
    ("code", "status", "shown", "answered"),
    [
        ("AccessDenied", 403, "AccessDeniedException", 400),
        ("Throttling", 400, "ThrottlingException", 400),
        ("InvalidClientTokenId", 403, "UnrecognizedClientException", 400),
        ("SignatureDoesNotMatch", 403, "InvalidSignatureException", 400),
        ("NoSuchEntity", 404, "NoSuchEntity", 400),
        ("EntityAlreadyExists", 409, "EntityAlreadyExists", 400),
        ("RequestEntityTooLarge", 413, "RequestEntityTooLargeException", 413),
        ("ServiceUnavailable", 503, "ServiceUnavailableException", 503),
        ("ServiceFailure", 500, "InternalFailure", 500),
    ],
)
def test_a_fault_of_the_caller_is_400(code, status, shown, answered):
    answer = render_error(ORGANIZATIONS, code, "why", status, "r")
    assert answer.status == answered
    assert f'"{shown}"'.encode() in answer.body or f"#{shown}".encode() in answer.body


def test_the_query_services_keep_their_own():
    assert render_error(Target("iam", "query"), "AccessDenied", "why", 403, "r").status == 403
