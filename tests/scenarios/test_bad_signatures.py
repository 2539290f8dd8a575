"""Signatures that prove nothing, clocks that are off, keys that are gone (SECURITY 6; INTERFACES SigV4)."""

import re

import pytest

LIST = b"Action=ListUsers&Version=2010-05-08"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GET = "/?Action=ListUsers&Version=2010-05-08"


def change(headers, name, pattern, to):
    return {key: re.sub(pattern, to, value) if key == name else value for key, value in headers.items()}


def bent(pattern, to, name="Authorization"):
    """A signed request with one header bent after signing."""
    return lambda wire: (lambda m, t, b, h: (m, t, b, change(h, name, pattern, to)))(
        *wire.signed(body=LIST, headers=FORM)
    )


def otherwise(**changed):
    """A signed request with another method, target or body than was signed."""

    def make(wire):
        method, target, body, headers = wire.signed(body=LIST, headers=FORM)
        sent = {"method": method, "target": target, "body": body, **changed}
        return sent["method"], sent["target"], sent["body"], {**headers, **changed.get("headers", {})}

    return make


def presigned(seconds=60, skew=0, bend=lambda target: target):
    def make(wire):
        method, target, body, headers = wire.signed("GET", GET, presign=seconds, skew=skew)
        return method, bend(target), body, headers

    return make


TOMORROW, YESTERDAY = 86_400, -86_400
CASES = {
    "the signature is another": (bent(r"Signature=\w{8}", "Signature=00000000"), 403, "SignatureDoesNotMatch"),
    "the signature is empty": (bent(r"Signature=\w+", "Signature="), 400, "IncompleteSignature"),
    "the signature is cut": (bent(r"(Signature=\w{63})\w", r"\1"), 403, "SignatureDoesNotMatch"),
    "the signature is in capitals": (
        lambda wire: (lambda m, t, b, h: (m, t, b, {**h, "Authorization": h["Authorization"].replace(
            h["Authorization"][-64:], h["Authorization"][-64:].upper())}))(*wire.signed(body=LIST, headers=FORM)),
        403, "SignatureDoesNotMatch"),
    "there is no signature": (bent(r", Signature=\w+", ""), 400, "IncompleteSignature"),
    "there is no credential": (bent(r"Credential=\S+ ", ""), 400, "IncompleteSignature"),
    "there are no signed headers": (bent(r"SignedHeaders=\S+ ", ""), 400, "IncompleteSignature"),
    "the host is not signed": (bent("host;", ""), 400, "IncompleteSignature"),
    "the credential is short": (bent("/aws4_request", ""), 400, "IncompleteSignature"),
    "the credential is long": (bent("/aws4_request", "/x/aws4_request"), 400, "IncompleteSignature"),
    "the terminator is another": (bent("aws4_request", "aws5_request"), 403, "SignatureDoesNotMatch"),
    "the algorithm is another": (bent("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), 400, "IncompleteSignature"),
    "the algorithm is none": (bent("AWS4-HMAC-SHA256", "none"), 403, "MissingAuthenticationToken"),
    "the algorithm is the old one": (bent("AWS4-HMAC-SHA256 .*", "AWS AKIA:c2ln"), 400, "IncompleteSignature"),
    "the key is nobody's": (bent("AKIA[A-Z0-9]+", "AKIAAAAAAAAAAAAAAAAA"), 403, "InvalidClientTokenId"),
    "the key is a wildcard": (bent("AKIA[A-Z0-9]+", "*"), 400, "IncompleteSignature"),
    "the key is a session's": (bent("AKIA", "ASIA"), 403, "InvalidClientTokenId"),
    "the region is another": (bent("us-east-1", "eu-west-1"), 403, "SignatureDoesNotMatch"),
    "the service is another": (bent("/iam/", "/sts/"), 403, "SignatureDoesNotMatch"),
    "the date is another": (bent(r"/\d{8}/", "/20200101/"), 403, "SignatureDoesNotMatch"),
    "the time is no time": (bent(".*", "yesterday", "X-Amz-Date"), 400, "IncompleteSignature"),
    "the time is another": (bent("Z", "1Z", "X-Amz-Date"), 400, "IncompleteSignature"),
    "the body is another": (otherwise(body=LIST + b"&MaxItems=1"), 403, "SignatureDoesNotMatch"),
    "the body is away": (otherwise(body=b""), 403, "SignatureDoesNotMatch"),
    "the method is another": (otherwise(method="GET", target=GET, body=b""), 403, "SignatureDoesNotMatch"),
    "the path is another": (otherwise(target="/x"), 403, "SignatureDoesNotMatch"),
    "a query came along": (otherwise(target="/?MaxItems=1"), 403, "SignatureDoesNotMatch"),
    "an amz header came along": (otherwise(headers={"X-Amz-Meta": "x"}), 403, "SignatureDoesNotMatch"),
    "a token came along": (otherwise(headers={"X-Amz-Security-Token": "x"}), 403, None),
    "the host is another": (otherwise(headers={"Host": "iam.amazonaws.com"}), 403, "SignatureDoesNotMatch"),
    "there is nothing": (lambda wire: ("POST", "/", LIST, FORM), 403, "MissingAuthenticationToken"),
    "it is basic": (lambda wire: ("POST", "/", LIST, {**FORM, "Authorization": "Basic YTpi"}), 403,
                    "MissingAuthenticationToken"),
    "it is a bearer": (lambda wire: ("POST", "/", LIST, {**FORM, "Authorization": "Bearer x"}), 403,
                       "MissingAuthenticationToken"),
    "the clock is six minutes late": (lambda wire: wire.signed(body=LIST, headers=FORM, skew=-360), 403,
                                      "SignatureDoesNotMatch"),
    "the clock is six minutes early": (lambda wire: wire.signed(body=LIST, headers=FORM, skew=360), 403,
                                       "SignatureDoesNotMatch"),
    "the clock is a day late": (lambda wire: wire.signed(body=LIST, headers=FORM, skew=YESTERDAY), 403,
                                "SignatureDoesNotMatch"),
    "the presigned has expired": (presigned(60, -61), 400, "RequestExpired"),
    "the presigned is of tomorrow": (presigned(60, TOMORROW), 403, "SignatureDoesNotMatch"),
    "the presigned asks for longer": (
        presigned(60, -61, lambda t: t.replace("Expires=60", "Expires=600")), 403, "SignatureDoesNotMatch"),
    "the presigned lasts eight days": (presigned(8 * 86_400), 400, "IncompleteSignature"),
    "the presigned lasts for ever": (presigned(60, 0, lambda t: t.replace("Expires=60", "Expires=9" + "9" * 40)), 400,
                                     "IncompleteSignature"),
    "the presigned lasts no time": (presigned(0), 400, "IncompleteSignature"),
    "the presigned asks another": (presigned(60, 0, lambda t: t.replace("ListUsers", "ListRoles")), 403,
                                   "SignatureDoesNotMatch"),
    "the presigned is presigned twice": (presigned(60, 0, lambda t: t + "&X-Amz-Signature=" + "0" * 64), 400,
                                         "InvalidSignatureException"),
    "the presigned is in small letters": (presigned(60, 0, lambda t: t.replace("X-Amz-Signature", "x-amz-signature")),
                                          400, "InvalidSignatureException"),
    "it is signed in both places": (
        lambda wire: (*presigned()(wire)[:3], wire.signed("GET", GET)[3]), 400, "InvalidSignatureException"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_no_valid_signature_means_no(calm, case):
    make, status, code = CASES[case]
    answer = calm.send(*make(calm))
    assert answer.status == status, answer
    assert code is None or answer.code == code, answer
    assert b"ListUsersResponse" not in answer.body
    assert calm.key[1].encode() not in answer.body


@pytest.mark.parametrize("skew", [-290, 290])
def test_five_minutes_are_forgiven(calm, skew):
    assert calm.form(LIST, skew=skew).status == 200


def test_two_equal_requests_in_one_second_are_both_good(calm):
    """There is no replay cache: equal calls carry one signature, and both are legal."""
    request = calm.signed(body=LIST, headers=FORM)
    assert [calm.send(*request).status for _ in range(3)] == [200] * 3


def test_the_key_of_another_account_signs_for_its_own(wire, another_account, server):
    from tests.scenarios.wire import Wire

    wire.call("CreateUser", UserName="ours")
    _, key = another_account()
    theirs = Wire(server, key)
    assert b"ours" not in theirs.call("ListUsers").body
    assert Wire(server, (key[0], wire.key[1])).call("ListUsers").code == "SignatureDoesNotMatch"
    assert Wire(server, (wire.key[0], key[1])).call("ListUsers").code == "SignatureDoesNotMatch"


def test_a_deactivated_key_ends_what_was_presigned_with_it(wire, iam):
    from tests.scenarios.wire import Wire

    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    ana = Wire(wire.server, (key["AccessKeyId"], key["SecretAccessKey"]))
    request = ana.signed("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", service="sts", presign=600)
    assert ana.send(*request).status == 200
    iam.update_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert ana.send(*request).code == "InvalidClientTokenId"


def test_an_unknown_key_and_an_inactive_one_are_told_alike(wire, iam):
    from tests.scenarios.wire import Wire

    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    iam.update_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    inactive = Wire(wire.server, (key["AccessKeyId"], key["SecretAccessKey"])).call("ListUsers")
    unknown = Wire(wire.server, ("AKIAAAAAAAAAAAAAAAAA", "x" * 40)).call("ListUsers")
    mask = lambda answer: re.sub(rb"<RequestId>[^<]+", b"", answer.body)  # noqa: E731
    assert (inactive.status, mask(inactive)) == (unknown.status, mask(unknown))
