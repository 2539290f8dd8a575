"""CVE row 3: the failure is forgotten with the request that failed (Vikunja 2026-35597)."""

from tests.muniment_server import Muniment
from tests.scenarios.signing_in import Client, Phone, with_password


def test_failures_are_still_counted_after_a_kill(tmp_path):
    with Muniment(tmp_path / "data", "--trusted-proxy", "127.0.0.1") as server:
        iam = server.client("iam")
        for name in ("ana", "eva"):
            with_password(iam, name)
        phone = Phone(iam, "eva")
        for turn in range(5):
            assert Client(server, f"10.0.0.{turn}").sign_in("ana", "wrong").status == 401
            ticket = Client(server, f"10.0.1.{turn}").sign_in("eva")["Ticket"]
            assert Client(server, f"10.0.2.{turn}")("AnswerCode", Ticket=ticket, Code="000000").status == 401
        server.kill()
        server.start()
        ticket = Client(server, "10.0.3.1").sign_in("eva")["Ticket"]
        reply = Client(server, "10.0.3.2")("AnswerCode", Ticket=ticket, Code=phone.code())
        assert reply.status == 429
        assert int(reply.headers["retry-after"]) > 100
        tries = [Client(server, f"10.0.4.{turn}").sign_in("ana", "wrong").status for turn in range(2)]
        assert 429 in tries  # the delay of the sixth is two seconds: one may come after it, and doubles it


def test_sessions_survive_a_kill_and_ended_ones_stay_ended(tmp_path):
    with Muniment(tmp_path / "data") as server:
        with_password(server.client("iam"))
        first, second = Client(server).token(), Client(server).token()
        assert Client(server)("EndSession", second).status == 200
        server.kill()
        server.start()
        assert [Client(server)("GetSession", token).status for token in (first, second)] == [200, 401]
