"""The sign-in's pages without a browser: forms, cookies and what a browser adds by itself."""

import html
import http.client
import re
from urllib.parse import urlencode, urlsplit

from tests.scenarios.signing_in import PASSWORD
from tests.security.sign_in import new_source


class Page:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body.decode()

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def form(self):
        return re.search(r'name="form" value="([0-9a-f]{64})"', self.text)[1]

    @property
    def problem(self):
        found = re.search(r'id="problem">([^<]*)<', self.text)
        return html.unescape(found[1]) if found else ""


class Pages:
    """One visitor with a jar of cookies, who comes from somewhere else each time."""

    def __init__(self, server):
        self.server, self.jar = server, {}
        self.address = urlsplit(server.endpoint)
        self.origin = f"http://localhost:{self.address.port}"
        self.last = None

    def send(self, method, path, fields=None, headers=None):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
        sent = {"x-forwarded-for": new_source(), "host": f"localhost:{self.address.port}"}
        if self.jar:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        body = None
        if fields is not None:
            body = urlencode(fields)
            sent |= {
                "content-type": "application/x-www-form-urlencoded",
                "origin": self.origin,
                "sec-fetch-site": "same-origin",
            }
        sent = {name: value for name, value in {**sent, **(headers or {})}.items() if value is not None}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        page = Page(answer.status, answer.getheaders(), answer.read())
        connection.close()
        for name, value in page.headers:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                text = rest.split(";", 1)[0]
                if "Max-Age=0" in value:
                    self.jar.pop(key, None)
                else:
                    self.jar[key] = text
        self.last = page
        return page

    def get(self, path, **headers):
        return self.send("GET", path, headers=headers)

    def post(self, path, fields, form=None, headers=None):
        """Send a form of the page that was loaded last."""
        return self.send("POST", path, {"form": self.last.form if form is None else form, **fields}, headers)

    def sign_in(self, user="ana", password=PASSWORD, return_to=""):
        self.get("/signin")
        fields = {"account": self.server.account, "user_name": user, "password": password, "return_to": return_to}
        return self.post("/signin", fields)

    def signed_in(self, user="ana", password=PASSWORD):
        page = self.sign_in(user, password)
        assert page.status == 303, page.text
        self.get("/signin/account")
        return self

    def factor(self, user, code):
        page = self.sign_in(user)
        assert page.status == 303, page.text
        self.get("/signin/factor")
        return self.post("/signin/factor", {"kind": "code", "code": code})

    def confirm(self, password):
        self.get("/signin/confirm")
        return self.post("/signin/confirm", {"password": password})
