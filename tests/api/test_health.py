"""Health: alive, ready or why not, metrics."""

import json


def test_alive(house):
    assert json.loads(house.send("GET", "/livez")[2]) == {"live": True}


def test_ready_or_503_with_what_is_in_the_way(house):
    assert house.send("GET", "/readyz")[0] == 200
    house.ready.answer = {"ready": False, "missing": ["nats: not connected"]}
    status, _, body = house.send("GET", "/readyz")
    assert status == 503
    assert json.loads(body)["missing"] == ["nats: not connected"]


def test_metrics_count_by_action_and_outcome(house):
    house.native("ListUsers")
    house.native("GetUser", {"UserName": "nobody"})
    text = house.send("GET", "/metrics")[2].decode()
    assert 'muniment_requests_total{action="ListUsers",code="ok",service="iam"} 1.0' in text
    assert 'muniment_requests_total{action="GetUser",code="NoSuchEntity",service="iam"} 1.0' in text
