"""An OpenID Connect issuer on loopback, over TLS: discovery document, keys, and whatever else a test makes it answer."""

import json
import ssl
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme
from joserfc import jwt
from joserfc.jwk import RSAKey


@cache
def _authority():
    return trustme.CA()


@cache
def _first_key():
    return RSAKey.generate_key(2_048, {"kid": "one"})


class Issuer:
    """Runs until it is closed. `answers` maps paths to (status, headers, body)."""

    def __init__(self, folder, host="localhost"):
        authority = _authority()
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca)
        certificate = authority.issue_cert(host, "127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
        self.asked = []
        self.posted = []
        self.answers = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                status, headers, body = outer.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posted.append((self.path, dict(self.headers), body))
                self.do_GET()

            def log_message(self, *_):
                """Be quiet."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """Clients that hang up in the handshake are what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.place = f"{host}:{self.port}"
        self.url = f"https://{self.place}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.keys = [_first_key()]
        self.publish()

    def publish(self, **changes):
        """Answer with the discovery document and the keys."""
        document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **changes}
        keys = {"keys": [key.as_dict(private=False) for key in self.keys]}
        self.answers["/.well-known/openid-configuration"] = (200, {}, json.dumps(document).encode())
        self.answers["/keys"] = (200, {}, json.dumps(keys).encode())

    def token(self, claims, key=None):
        """An ID token."""
        key = key or self.keys[0]
        return jwt.encode({"alg": "RS256", "kid": key.kid}, {"iss": self.url, **claims}, key, ["RS256"])

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
