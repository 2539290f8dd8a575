"""Questions to a server's monitoring listener: does it sync every write, is its JetStream healthy."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

MONITOR_SECONDS_MAX = 2.0
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def _get(url: str) -> dict[str, Any]:
    with _open(url, timeout=MONITOR_SECONDS_MAX) as response:
        answer: dict[str, Any] = json.loads(response.read())
        return answer


def sync_always(monitor_url: str) -> bool:
    """True when the server writes through to the disk before it acknowledges (`/varz`).

    Raises OSError when the monitor cannot be reached.
    """
    varz = _get(f"{monitor_url}/varz")
    return bool(varz.get("jetstream", {}).get("config", {}).get("sync_always", False))


def configured(monitor_url: str) -> str:
    """When the server took the configuration it has (`/varz`), as text that changes with every reload.

    Empty where the monitor does not answer.
    """
    try:
        return str(_get(f"{monitor_url}/varz").get("config_load_time", ""))
    except OSError:
        return ""


def health(monitor_url: str) -> str:
    """Empty when the server says it is healthy (`/healthz`), else what is wrong."""
    try:
        answer = _get(f"{monitor_url}/healthz")
    except urllib.error.HTTPError as exc:
        answer = json.loads(exc.read() or b"{}")
    except OSError as exc:
        return f"the monitor does not answer: {exc}"
    return "" if answer.get("status") == "ok" else str(answer.get("error") or answer.get("errors") or answer)
