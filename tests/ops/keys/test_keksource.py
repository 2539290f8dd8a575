"""Where key-encryption keys come from: safe files, an environment that forgets, a command that shows nothing."""

import base64
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from muniment.ops.keys.kek import KEK, CannotUnwrap, KEKs
from muniment.ops.keys.keksource import KEKCommand, KEKEnvironment, KEKFile, KEKMemory, KEKRefused, parse, source_of
from muniment.ops.keys.secret import Secret
from muniment.ops.keys.store import MemoryKeyStore

from .conftest import ANA, NEW, OLD, ring_over

KEY = bytes(range(32))


def test_the_file_is_made_on_the_first_start_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "kek"
    before = os.umask(0)
    try:
        first = KEKFile(path).load()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert KEKFile(path).load() == first
    assert len(first[0].reveal()) == 32


def test_processes_that_start_together_read_one_key(tmp_path: Path) -> None:
    start, found = threading.Barrier(8), []

    def run() -> None:
        start.wait()
        found.append(KEKFile(tmp_path / "kek").load()[0].reveal())

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o666, 0o610, 0o601])
def test_a_file_that_others_may_read_is_refused(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "kek"
    path.write_text(KEY.hex())
    path.chmod(mode)
    with pytest.raises(KEKRefused, match="chmod 600"):
        KEKFile(path).load()


@pytest.mark.parametrize("kind", ["link", "directory", "pipe"])
def test_what_is_no_regular_file_is_refused(kind: str, tmp_path: Path) -> None:
    path, real = tmp_path / "kek", tmp_path / "real"
    real.write_text(KEY.hex())
    real.chmod(0o600)
    {"link": lambda: path.symlink_to(real), "directory": path.mkdir, "pipe": lambda: os.mkfifo(path, 0o600)}[kind]()
    with pytest.raises(KEKRefused):
        KEKFile(path).load()


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kek"
    KEKFile(path).load()
    os.chown(path, 12_345, -1) if os.geteuid() == 0 else monkeypatch.setattr("os.geteuid", lambda: 12_345)
    with pytest.raises(KEKRefused, match="belongs to user"):
        KEKFile(path).load()


def test_a_new_key_is_put_first_and_the_old_one_dropped_last(tmp_path: Path) -> None:
    file = KEKFile(tmp_path / "kek")
    (old,) = file.load()
    file.prepend()
    new, second = file.load()
    assert second == old != new
    file.keep_first()
    assert list(file.load()) == [new]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_live_ring_learns_of_a_new_key_by_itself(tmp_path: Path) -> None:
    file, store = KEKFile(tmp_path / "kek"), MemoryKeyStore()
    ring = ring_over(store)
    ring.keks = KEKs(file)
    file.prepend()
    other = ring_over(store)
    other.keks = KEKs(file)
    sealed = other.seal(ANA, "totp", b"seed")  # wrapped with a key that `ring` has not read yet
    assert ring.unseal(ANA, "totp", sealed) == b"seed"


@pytest.mark.parametrize(
    "text", [KEY.hex(), KEY.hex().upper(), base64.b64encode(KEY).decode(), f"# note\n\n  {KEY.hex()}  \r\n"]
)
def test_a_key_may_be_hexadecimal_or_base64(text: str) -> None:
    assert [key.reveal() for key in parse(text, "here")] == [KEY]


def test_the_order_of_lines_is_the_order_of_keys() -> None:
    assert [key.reveal() for key in parse(f"{NEW.hex()}\n{OLD.hex()}", "here")] == [NEW, OLD]


@pytest.mark.parametrize(
    "text", ["", "\n# only a note\n", "passphrase", KEY.hex()[:-2], KEY.hex() + "00", "é" * 32, "0" * 20_000]
)
def test_text_that_holds_no_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(KEKRefused) as caught:
        parse(text, "the file x")
    assert "the file x" in str(caught.value)
    assert len(text) < 5 or text.strip() not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_environment_variable_is_taken_away_from_child_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEK", f"{NEW.hex()},{OLD.hex()}")
    source = KEKEnvironment("TEST_KEK")
    assert [key.reveal() for key in source.load()] == [NEW, OLD]
    assert "TEST_KEK" not in os.environ
    assert [key.reveal() for key in source.load()] == [NEW, OLD]
    assert subprocess.run(["/usr/bin/env"], capture_output=True, check=True).stdout.find(NEW.hex().encode()) == -1


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(KEKRefused, match="TEST_KEK_ABSENT is not set"):
        KEKEnvironment("TEST_KEK_ABSENT").load()


def test_a_command_prints_the_keys(tmp_path: Path) -> None:
    script = tmp_path / "print keys.py"
    script.write_text(f"print({KEY.hex()!r})")
    assert [key.reveal() for key in KEKCommand(f"{sys.executable} '{script}'").load()] == [KEY]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys; print('canary'); sys.stderr.write('canary'); sys.exit(3)", "ended with status 3"),
        ("print('canary')", "line 1"),
        ("", "holds no key-encryption key"),
    ],
)
def test_what_a_failing_command_says_is_not_repeated(
    code: str, told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "s.py"
    script.write_text(code)
    with pytest.raises(KEKRefused, match=told) as caught:
        KEKCommand(f"{sys.executable} {script}").load()
    assert "canary" not in str(caught.value)
    assert "canary" not in "".join(capfd.readouterr())


def test_a_command_is_not_given_to_a_shell(tmp_path: Path) -> None:
    with pytest.raises(KEKRefused):
        KEKCommand(f"/bin/echo x ; /usr/bin/touch {tmp_path}/touched").load()
    assert not (tmp_path / "touched").exists()
    with pytest.raises(KEKRefused, match="cannot be run"):
        KEKCommand("/nonexistent/command").load()


def test_a_setting_names_its_source(tmp_path: Path) -> None:
    assert repr(source_of(f"file:{tmp_path}/kek")) == f"KEKFile('{tmp_path}/kek')"
    assert repr(source_of("environment:KEK")) == "KEKEnvironment('KEK')"
    assert repr(source_of("command:/bin/hsm --slot 3")) == "KEKCommand('/bin/hsm')"
    for wrong in ("", "file:", "kek", "http://x", KEY.hex()):
        with pytest.raises(KEKRefused) as caught:
            source_of(wrong)
        assert KEY.hex() not in str(caught.value)


def test_reprs_hold_no_key() -> None:
    keks = KEKs(KEKMemory(OLD, NEW))
    shown = f"{keks!r} {keks} {keks.first!r} {KEKMemory(OLD)!r} {Secret(OLD)!r} {vars(keks)}"
    assert OLD.decode() not in shown
    assert OLD.hex() not in shown


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KEK(Secret(b"short"))


def test_every_damaged_byte_of_a_wrapped_key_is_refused_alike() -> None:
    kek = KEK(Secret(KEY))
    box = kek.wrap("data.x", "k1", OLD)
    assert kek.unwrap("data.x", "k1", box) == OLD
    told = set()
    for wrong in [box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :] for at in range(len(box))] + [
        box[:at] for at in range(len(box))
    ]:
        with pytest.raises(CannotUnwrap) as caught:
            kek.unwrap("data.x", "k1", wrong)
        told.add(str(caught.value))
    for purpose, key_id in (("data.y", "k1"), ("data.x", "k2"), ("data.xk", "1"), ("", "")):
        with pytest.raises(CannotUnwrap):
            kek.unwrap(purpose, key_id, box)
    assert told == {"the wrapped key `k1` of `data.x` is damaged"}
