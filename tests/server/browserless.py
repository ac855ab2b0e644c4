"""A browser without a screen: cookies, HTTP, and Streamlit's websocket with its messages."""

import http.client
import re
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

HTML = {"Accept": "text/html"}
_SECONDS = 20


class Answer:
    """One HTTP answer."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8", "replace")

    @property
    def location(self) -> str:
        return self.headers["location"]

    @property
    def set_cookies(self) -> dict[str, str]:
        """Each cookie's name with its whole Set-Cookie value."""
        lines = self.headers.get_all("set-cookie") or []
        return {line.partition("=")[0]: line for line in lines}


class Browser:
    """Keeps cookies and says its Origin, as browsers do."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.host = urlsplit(base).netloc
        self.cookies: dict[str, str] = {}

    def request(self, method, path, *, headers=None, body=None) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=_SECONDS)
        sent = {"Cookie": self._cookie_header(), **(headers or {})}
        try:
            connection.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        for name, line in answer.set_cookies.items():
            value = re.match(r'[^=]+="?([^";]*)', line)[1]
            if "max-age=0" in line.lower() or not value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def get(self, path, **headers) -> Answer:
        return self.request("GET", path, headers={**HTML, **headers})

    def post(self, path, fields, *, origin="", **headers) -> Answer:
        """A form; `origin` is this site's own unless another is given, or None for no header."""
        sent = {
            **HTML,
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": self.base if origin == "" else origin,
            **headers,
        }
        return self.request("POST", path, headers=sent, body=urlencode(fields))

    def sign_in(self, login, password, *, target="/") -> Answer:
        return self.post("/signin", {"login": login, "password": password, "next": target})

    @contextmanager
    def tab(self, page="", *, query="", resume=None, origin="", headers=None):
        """A tab on a page: the websocket, before anything was asked of it.

        `resume` is the script session that the tab had before it lost its connection.
        """
        sent = {"Cookie": self._cookie_header(), **(headers or {})}
        with connect(
            f"ws://{self.host}/_stcore/stream",
            origin=self.base if origin == "" else origin,
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN", *([resume] if resume else [])],
            additional_headers={k: v for k, v in sent.items() if v},
            max_size=None,
            compression=None,
            open_timeout=_SECONDS,
        ) as socket:
            yield Tab(socket, page, query)

    def _cookie_header(self) -> str | None:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items()) or None


class Tab:
    """One open page."""

    def __init__(self, socket, page, query) -> None:
        self._socket = socket
        self._page = page
        self._query = query
        self._page_hash = ""
        self.session_id = ""
        self.fragments: list[str] = []
        self.raw = b""

    def run(self, *, fragment="", widgets=None) -> "Tab":
        """Ask for one run of the script, or of one fragment, and read until it has finished."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = self._query
        if self._page_hash:
            rerun.page_script_hash = self._page_hash
        else:
            rerun.page_name = self._page
        if fragment:
            rerun.fragment_id = fragment
            rerun.is_auto_rerun = True
        for key, value in (widgets or {}).items():
            state = rerun.widget_states.widgets.add()
            state.id = key
            state.string_value = value
        self._socket.send(message.SerializeToString())
        self.raw = b""
        while True:
            frame = self._socket.recv(timeout=_SECONDS)
            self.raw += frame
            if self._note(frame):
                return self

    def _note(self, frame: bytes) -> bool:
        """Remember what a browser remembers. Returns whether the run has finished."""
        message = ForwardMsg()
        message.ParseFromString(frame)
        match message.WhichOneof("type"):
            case "new_session":
                self.session_id = message.new_session.initialize.session_id
                self._page_hash = message.new_session.page_script_hash
            case "auto_rerun":
                self.fragments.append(message.auto_rerun.fragment_id)
            # The bare address sends on to the first page of the menu in a second run.
            case "script_finished":
                return message.script_finished in {
                    ForwardMsg.FINISHED_SUCCESSFULLY,
                    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                }
        return False

    def shows(self, text: str) -> bool:
        """Whether a text is anywhere in what the server sent for the last run."""
        return text.encode() in self.raw or text.encode("unicode_escape") in self.raw

    def closed_with(self, *, within: float) -> int | None:
        """The close code, if the server closes the connection in time; None if it stays open."""
        try:
            while True:
                self._socket.recv(timeout=within)
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
