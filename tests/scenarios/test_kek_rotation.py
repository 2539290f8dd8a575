"""The key-encryption key is rotated under a server that is read from and written to; `bench.keks` does it with 10⁵ secrets."""

import threading

from tests.muniment_server import MUNIMENT, Muniment

SECRETS = 40
READERS = 2


def test_no_read_or_write_fails_while_the_key_encryption_key_is_rotated(tmp_path):
    """SECURITY 11: KEK rotation rewraps only, is resumable, fails no read."""
    data, failures, done, stop = tmp_path / "data", [], [0], threading.Event()
    with Muniment(data) as server:
        vault = server.client("secretsmanager")
        for number in range(SECRETS):
            vault.create_secret(Name=f"s{number}", SecretString=f"value {number}")
        before = (data / "kek").read_bytes()
        server.stop()
        server.start()  # with no data key in memory: every first read goes to the key store

        def read(first):
            mine = server.client("secretsmanager")
            number = first
            while not stop.is_set():
                number += 1
                name = f"s{number % SECRETS}"
                try:
                    assert mine.get_secret_value(SecretId=name)["SecretString"] == f"value {number % SECRETS}"
                    if number % 8 == 0:
                        mine.create_secret(Name=f"new-{first}-{number}", SecretString="new")
                    done[0] += 1
                except Exception as error:
                    failures.append(error)

        readers = [threading.Thread(target=read, args=(number * 7,)) for number in range(READERS)]
        for reader in readers:
            reader.start()
        try:
            told = server.run(MUNIMENT, "keys", "rotate", "--data", str(data)).stdout
        finally:
            stop.set()
            for reader in readers:
                reader.join()
        assert failures == []
        assert done[0] > 0
        assert "keys wrapped anew" in told
        after = (data / "kek").read_bytes()
        assert before.strip() not in after
        server.stop()
        server.start()  # the old key is nowhere any more
        vault = server.client("secretsmanager")
        for number in range(SECRETS):
            assert vault.get_secret_value(SecretId=f"s{number}")["SecretString"] == f"value {number}"
        assert vault.list_secrets(MaxResults=100)["SecretList"]
