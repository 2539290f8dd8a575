"""A client of the sign-in's JSON, and an authenticator app."""

import http.client
import json
import time
from urllib.parse import urlsplit

import pyotp

PASSWORD, BETTER = "Correct-Horse-1", "Battery-Staple-2"


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, {name.lower(): value for name, value in headers}, body.decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def code(self):
        return self.json.get("title") if self.status >= 400 else None

    def __getitem__(self, name):
        assert self.status == 200, self.text
        return self.json[name]

    def __repr__(self):
        return f"<{self.status} {self.text[:300]}>"


class Client:
    """Calls one server; each call is a connection of its own."""

    def __init__(self, server, source=None):
        self.server, self.source = server, source

    def post(self, path, body, token=None, headers=None):
        address = urlsplit(self.server.endpoint)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        sent = {"content-type": "application/json", **(headers or {})}
        if token:
            sent["authorization"] = f"Bearer {token}"
        if self.source:
            sent["x-forwarded-for"] = self.source
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        connection.request("POST", path, data, sent)
        answer = connection.getresponse()
        reply = Reply(answer.status, answer.getheaders(), answer.read())
        connection.close()
        return reply

    def __call__(self, action, token=None, **body):
        """One action of the sign-in."""
        return self.post(f"/v1/signin/{action}", body, token)

    def native(self, action, token, service="iam", **body):
        """An action of the native front."""
        return self.post(f"/v1/{service}/{action}", body, token)

    def sign_in(self, user="ana", password=PASSWORD, account=None):
        return self("SignIn", Account=account or self.server.account, UserName=user, Password=password)

    def token(self, *args, **options):
        return self.sign_in(*args, **options)["Token"]


class Phone:
    """A virtual device, enabled for a user, and its owner's patience: each code is shown once."""

    def __init__(self, iam, user, name="phone"):
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        self.serial, self.seed = made["SerialNumber"], made["Base32StringSeed"].decode()
        step = int(time.time()) // 30
        codes = [pyotp.HOTP(self.seed).at(step + off) for off in (-2, -1)]
        iam.enable_mfa_device(
            UserName=user,
            SerialNumber=self.serial,
            AuthenticationCode1=codes[0],
            AuthenticationCode2=codes[1],
        )
        self.last = step - 1

    def code(self):
        """The next code that was not used yet. Of three in the window two are left after enabling: then it waits."""
        while (step := max(self.last + 1, int(time.time()) // 30 - 1)) > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self.last = step
        return pyotp.HOTP(self.seed).at(step)


def with_password(iam, user="ana", password=PASSWORD, **options):
    """A user with a password."""
    iam.create_user(UserName=user)
    iam.create_login_profile(UserName=user, Password=password, **options)
