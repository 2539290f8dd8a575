"""`--tls-cert` and `--tls-key`: the port speaks TLS, and only TLS, with the certificate it was given (SECURITY 13, DESIGN §8)."""

import json
import ssl
import urllib.error
import urllib.request

import pytest
import trustme

from tests.muniment_server import Muniment


@pytest.fixture
def authority(tmp_path):
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    return authority


def test_a_server_with_a_certificate_speaks_tls_and_only_tls(authority, tmp_path):
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with Muniment(None, "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")) as server:
        assert server.endpoint.startswith("https://127.0.0.1:")
        assert json.load(urllib.request.urlopen(f"{server.endpoint}/readyz", context=trusting))["ready"]
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{server.endpoint}/readyz", context=ssl.create_default_context())
        with pytest.raises(OSError, match=r"closed|reset|Remote end|BadStatusLine"):
            urllib.request.urlopen(server.endpoint.replace("https", "http") + "/readyz")
