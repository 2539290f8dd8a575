"""AuthZEN's JSON: read within its limits, and decisions as bytes. What HTTP and NATS have in common.

Where a member occurs twice in one object the last one counts; members that nobody knows are ignored, as the standard asks.
"""

from typing import Any, Final, TypeVar

import msgspec

from muniment.api.aws.strict_json import BadJSON, check_size
from muniment.domain.errors import Refused, ValidationError
from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.quotas import BODY_BYTES_MAX, JSON_NODES_MAX
from muniment.projections.access.decided import Decided
from muniment.projections.authzen.evaluating import Outcome, answer_of
from muniment.projections.authzen.questions import EVALUATIONS_MAX, Batch, Question

NODES_PER_EVALUATION_MAX: Final = 100  # of a batch, which is larger than other requests (SECURITY 17)
BATCH_NODES_MAX: Final = EVALUATIONS_MAX * NODES_PER_EVALUATION_MAX
ALLOWED: Final = b'{"decision":true}'

encode: Final = msgspec.json.Encoder().encode
question_of: Final = msgspec.json.Decoder(Question).decode
batch_of: Final = msgspec.json.Decoder(Batch).decode

T = TypeVar("T")


def check(body: bytes, *, batch: bool = False) -> None:
    """Return where the text is neither too large nor nested too deeply to be read. Raises ValidationError."""
    if len(body) > BODY_BYTES_MAX:
        raise ValidationError(f"the body is larger than {BODY_BYTES_MAX} bytes")
    try:
        check_size(body, BATCH_NODES_MAX if batch else JSON_NODES_MAX)
    except BadJSON as bad:
        raise ValidationError(str(bad)) from None


def object_of(body: bytes, *, batch: bool = False) -> dict[str, Any]:
    """The members of a body. Raises ValidationError."""
    check(body, batch=batch)
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise ValidationError("the body is not JSON") from None
    if not isinstance(found, dict):
        raise ValidationError("the body must be a JSON object")
    return found


def convert(value: Any, kind: type[T]) -> T:
    """A JSON value as what it should be. Raises ValidationError."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValidationError(f"the body cannot be read: {error}") from None


def _denied(effect: Effect, layer: Layer) -> bytes:
    return encode({"decision": False, "context": {"effect": effect.value, "layer": layer.value}})


_DENIED: Final = {effect: {layer: _denied(effect, layer) for layer in Layer} for effect in Effect}


def brief(outcome: Outcome) -> bytes:
    """`evaluating.briefly` as bytes, which are the same for most."""
    if isinstance(outcome, Decided):
        return ALLOWED if outcome.effect is Effect.ALLOWED else _DENIED[outcome.effect][outcome.layer]
    return encode(answer_of(outcome))


def whole(outcome: Outcome, decision_id: str, *, explain: bool = False) -> bytes:
    """A single outcome, with its reason."""
    answer = answer_of(outcome, explain)
    answer["context"]["decision_id"] = decision_id
    return encode(answer)


def status_of(refused: Refused) -> int:
    """A refusal's status among those that the standard knows: 400, 401, 403, 500; and 503, for a state too old to decide from."""
    if refused.code in ("MissingAuthenticationToken", "InvalidClientTokenId"):
        return 401
    if refused.code == "Throttling":
        return 429
    return refused.status if refused.status in (400, 401, 403, 500, 503) else 400
