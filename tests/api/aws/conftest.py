"""What the tests of the AWS front share: botocore's own models, random values for their shapes, requests as bytes."""

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore import loaders, model, parsers, serialize
from botocore.awsrequest import create_request_object, prepare_request_dict

from muniment.api.aws.http import HTTPRequest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXTS = (
    "a", "Ana-Lucía", "x" * 70, "a b+c=d&e;f%20", "<&>\"'", "line\nfeed\ttab\rreturn", "日本語", "emoji 😀 end", "0",
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}', "true", " lead and trail ",
)  # fmt: skip


class Values:
    """Random values of botocore shapes: `given` is what botocore takes or gives, `ours` what our side gives or takes."""

    def __init__(self, seed: str, protocol: str, answers: bool = False) -> None:
        self.rng = random.Random(seed)  # noqa: S311
        self.query = protocol == "query"
        self.answers = answers

    def of(self, shape: Any, depth: int = 0, top: bool = False) -> tuple[Any, Any]:
        return getattr(self, shape.type_name)(shape, depth, top)

    def structure(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        if shape.is_document_type:
            return ({"free": ["form", 1, None, {"a": True}]},) * 2
        names = list(shape.members)
        if shape.is_tagged_union:
            plain = [name for name in names if shape.members[name].type_name not in ("structure", "list", "map")]
            names = [self.rng.choice(plain if depth > 5 and plain else names)]
        elif not top or self.answers:
            names = [name for name in names if name in shape.required_members or self.rng.random() < 0.7] or names[:1]
        pairs = {}
        for name in names:
            member = shape.members[name]
            deep = depth > 5 and member.type_name in ("structure", "list", "map") and not shape.is_tagged_union
            if deep and name not in shape.required_members:
                continue
            pairs[name] = self.of(member, depth + 1)
        return {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}

    def list(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        least = 1 if shape.member.type_name == "structure" else 0
        located = shape.serialization.get("location") == "querystring"  # an empty one is not written at all
        pairs = [self.of(shape.member, depth + 1) for _ in range(self.rng.randint(1 if located else least, 3))]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def map(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        pairs = {key: self.of(shape.value, depth + 1) for key in self.rng.sample(TEXTS, 2)}
        return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}

    def string(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        text = self.rng.choice(TEXTS)
        if shape.serialization.get("location") == "header":
            text = "token-" + self.rng.choice("abc")
        if self.answers and self.query and shape.name == "policyDocumentType":
            return quote(text, safe=""), text
        return text, text

    def integer(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        return (self.rng.choice((0, 1, -5, 1000, 2**31 - 1)),) * 2

    long = integer

    def boolean(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        return (self.rng.choice((True, False)),) * 2

    def double(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        return (self.rng.choice((0.5, -2.25, 1e-7)),) * 2

    float = double

    def blob(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        return (self.rng.choice((b"\x00\xff", b"text", bytes(range(256)))),) * 2

    def timestamp(self, shape: Any, depth: int, top: bool) -> tuple[Any, Any]:
        micros = self.rng.randint(0, 4_000_000_000) * 1_000_000
        if not self.query and not self.answers:
            micros += self.rng.choice((0, 250_000))
        return EPOCH + timedelta(microseconds=micros), micros


@pytest.fixture(scope="session")
def botocore_model() -> Callable[[str], Any]:
    loader, known = loaders.Loader(), {}

    def load(name: str) -> Any:
        if name not in known:
            known[name] = model.ServiceModel(loader.load_service_model(name, "service-2"), name)
        return known[name]

    return load


@pytest.fixture(scope="session")
def values() -> type[Values]:
    return Values


@pytest.fixture(scope="session")
def request_by_botocore() -> Callable[..., HTTPRequest]:
    """The bytes that botocore sends for a call, unsigned."""

    def build(operation: Any, params: dict[str, Any]) -> HTTPRequest:
        serializer = serialize.create_serializer(operation.service_model.metadata["protocol"], include_validation=False)
        request_dict = serializer.serialize_to_request(params, operation)
        prepare_request_dict(request_dict, endpoint_url="https://iam.example.org", context={})
        return from_botocore(create_request_object(request_dict))

    return build


def from_botocore(request: Any) -> HTTPRequest:
    prepared = request.prepare()
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    headers = [
        (name.lower(), value if isinstance(value, str) else value.decode("latin-1"))
        for name, value in prepared.headers.items()
    ]
    if "host" not in prepared.headers:
        headers.append(("host", url.netloc))
    return HTTPRequest(
        prepared.method, url.path, url.query, headers, body.encode("utf-8") if isinstance(body, str) else bytes(body)
    )


@pytest.fixture(scope="session")
def wire() -> Callable[[Any], HTTPRequest]:
    return from_botocore


@pytest.fixture(scope="session")
def parsed_by_botocore() -> Callable[..., dict[str, Any]]:
    """An answer of ours as botocore's parser reads it, without ResponseMetadata."""

    def parse(operation: Any, answer: Any) -> dict[str, Any]:
        parser = parsers.create_parser(operation.service_model.metadata["protocol"])
        response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body, "context": {}}
        parsed: dict[str, Any] = parser.parse(response, operation.output_shape)
        return parsed

    return parse


@pytest.fixture
def form() -> Callable[..., HTTPRequest]:
    """A form POST of raw bytes."""

    def build(body: bytes, *headers: tuple[str, str], query: str = "", method: str = "POST") -> HTTPRequest:
        given = list(headers) or [("content-type", "application/x-www-form-urlencoded")]
        return HTTPRequest(method, "/", query, [("host", "iam.example.org"), *given], body)

    return build


@pytest.fixture
def b64() -> Callable[[bytes], str]:
    return lambda data: base64.b64encode(data).decode("ascii")
