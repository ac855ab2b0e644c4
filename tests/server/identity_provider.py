"""A small identity provider of its own process: OpenID Connect over loopback, made by hand.

It is strict where a provider must be (client, redirect address, PKCE, codes that work once), and
misbehaves as it is told to, so that every check of the other side can be seen to bite.
"""

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlencode

import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "wusong-desk", "a-secret-of-the-two"
PATH = "/realms/county"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Provider:
    """Keys, codes that were given out, how to misbehave, and what is answered."""

    def __init__(self, base: str) -> None:
        self.issuer = base + PATH
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = "k1"
        self.codes: dict[str, dict] = {}
        self.used: list[str] = []
        self.asked: list[str] = []
        self.manner: dict = {}

    def jwks(self) -> dict:
        numbers = self.key.public_key().public_numbers()
        size = lambda n: b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))  # noqa: E731
        rsa_key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid}
        return {"keys": [{**rsa_key, "n": size(numbers.n), "e": size(numbers.e)}]}

    def id_token(self, grant: dict) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": grant["sub"],
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": grant["nonce"],
            "preferred_username": grant["login"],
            **self.manner.get("claims", {}),
        }
        for name, shift in self.manner.get("shift", {}).items():
            claims[name] = now + shift
        for name in self.manner.get("without", []):
            del claims[name]
        return self.sign(claims)

    def sign(self, claims: dict) -> str:
        how = self.manner.get("sign", "RS256")
        head = b64(json.dumps({"alg": how.split("/")[0], "kid": self.kid, "typ": "JWT"}).encode())
        body = f"{head}.{b64(json.dumps(claims).encode())}".encode()
        match how:
            case "none":
                mark = b""
            case "HS256/public":
                form = serialization.PublicFormat.SubjectPublicKeyInfo
                pem = self.key.public_key().public_bytes(serialization.Encoding.PEM, form)
                mark = hmac.digest(pem, body, "sha256")
            case "HS256/secret":
                mark = hmac.digest(SECRET.encode(), body, "sha256")
            case "RS256/other":
                mark = self.other.sign(body, padding.PKCS1v15(), hashes.SHA256())
            case _:
                mark = self.key.sign(body, padding.PKCS1v15(), hashes.SHA256())
        return f"{body.decode()}.{b64(mark)}"

    async def metadata(self, _request: Request) -> Response:
        self.asked.append("metadata")
        if self.manner.get("down"):
            return Response("out of order", 503)
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": self.issuer + "/authorize",
                "token_endpoint": self.issuer + "/token",
                "jwks_uri": self.issuer + "/keys",
                "end_session_endpoint": self.issuer + "/logout",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "code_challenge_methods_supported": ["S256"],
                "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
                **self.manner.get("metadata", {}),
            }
        )

    async def authorize(self, request: Request) -> Response:
        """The form that asks who it is; `?as=` answers it at once."""
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["state"]) >= 20
        assert len(asked["nonce"]) >= 20
        person = asked.pop("as", None)
        if person is None:
            hidden = "".join(
                f'<input type=hidden name="{k}" value="{v}">' for k, v in asked.items()
            )
            return HTMLResponse(
                f"<title>统一认证</title><h1>统一认证</h1><form action={PATH}/authorize>{hidden}"
                "<input name=as><button>登录</button></form>"
            )
        back = asked["redirect_uri"]
        if person == "cancel":
            refusal = {"error": "access_denied", "error_description": "用户取消 110101199001011234"}
            return RedirectResponse(f"{back}?{urlencode({**refusal, 'state': asked['state']})}")
        sub, _, login = person.partition("/")
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "sub": sub, "login": login}
        return RedirectResponse(f"{back}?{urlencode({'code': code, 'state': asked['state']})}")

    async def token(self, request: Request) -> Response:
        self.asked.append("token")
        if self.manner.get("slow"):
            time.sleep(self.manner["slow"])  # noqa: ASYNC251 - it is meant to be stuck
        if self.manner.get("token_status"):
            return Response("out of order", self.manner["token_status"])
        form = await request.form()
        expected = b64_basic(CLIENT, SECRET)
        grant = self.codes.pop(form["code"], None)
        verifier = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        if request.headers.get("authorization") != expected:
            return JSONResponse({"error": "invalid_client"}, 401)
        if (
            grant is None
            or grant["redirect_uri"] != form["redirect_uri"]
            or grant["code_challenge"] != b64(verifier)
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        if not self.manner.get("no_id_token"):
            answer["id_token"] = self.id_token(grant)
        return JSONResponse(answer)

    async def keys(self, _request: Request) -> Response:
        self.asked.append("keys")
        return JSONResponse(self.jwks())

    async def logout(self, request: Request) -> Response:
        return RedirectResponse(request.query_params["post_logout_redirect_uri"])

    async def control(self, request: Request) -> Response:
        """How to behave from now on; answers what was asked since the last time."""
        self.manner = await request.json()
        if self.manner.get("new_key"):
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            self.kid = secrets.token_hex(4)
        asked, self.asked = self.asked, []
        return JSONResponse(asked)


def application(base: str) -> Starlette:
    provider = Provider(base)
    return Starlette(
        routes=[
            Route(f"{PATH}/.well-known/openid-configuration", provider.metadata),
            Route(f"{PATH}/authorize", provider.authorize),
            Route(f"{PATH}/token", provider.token, methods=["POST"]),
            Route(f"{PATH}/keys", provider.keys),
            Route(f"{PATH}/logout", provider.logout),
            Route("/control", provider.control, methods=["POST"]),
        ]
    )


def b64_basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


class Running:
    """The provider as a process of its own."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.issuer = self.base + PATH
        self._port = port
        self._process: subprocess.Popen | None = None

    def start(self) -> "Running":
        command = [sys.executable, "-m", "tests.server.identity_provider", str(self._port)]
        self._process = subprocess.Popen(command)  # noqa: S603 - our own program
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                self.behave()
            except OSError:
                time.sleep(0.1)
            else:
                return self
        self.stop()
        raise TimeoutError

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def behave(self, **manner) -> list[str]:
        """Behave like this from now on; returns what the site has asked for meanwhile."""
        body = json.dumps(manner).encode()
        request = urllib.request.Request(self.base + "/control", data=body, method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return json.load(answer)


if __name__ == "__main__":
    where = int(sys.argv[1])
    uvicorn.run(application(f"http://127.0.0.1:{where}"), port=where, log_level="error")
