"""A hashing child: reads jobs from its standard input, answers on its standard output, and ends when the input does.

It imports nothing but Argon2, knows neither keys nor peppers, and is nicer than the process it serves.
Frames: 4 bytes length, big-endian, then msgpack: job `(peppered, hash or None)`, answer `hash` or `bool`.
"""

import os
import signal
import struct
import sys
from typing import BinaryIO, Final

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from muniment.ops.keys import hygiene

LENGTH: Final = struct.Struct(">I")
FRAME_BYTES_MAX: Final = 65_536
NICENESS: Final = 10

# OWASP's floor: 19 MiB, two passes, one lane (SECURITY 7).
HASHER: Final = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)

Job = tuple[bytes, str | None]


def work(job: Job) -> str | bool:
    """A new hash, or whether the password is the hash's."""
    peppered, hashed = job
    if hashed is None:
        return HASHER.hash(peppered)
    try:
        return HASHER.verify(hashed, peppered)
    except (VerificationError, InvalidHashError):
        return False


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame; None at the end."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    if length > FRAME_BYTES_MAX:
        return None
    body = stream.read(length)
    return body if len(body) == length else None


def write_frame(stream: BinaryIO, body: bytes) -> None:
    """Send one frame."""
    stream.write(LENGTH.pack(len(body)) + body)
    stream.flush()


def main() -> None:
    """Work until the parent is gone."""
    hygiene.forbid_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes our input when it is done
    os.nice(NICENESS)
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    while (frame := read_frame(jobs)) is not None:
        write_frame(answers, msgspec.msgpack.encode(work(msgspec.msgpack.decode(frame, type=Job))))


if __name__ == "__main__":
    main()
