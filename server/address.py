"""Where this process listens, as far as it can be known before the first connection."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from streamlit import config

from server.arrival import is_loopback

_UVICORN = {"uvicorn", "uvicorn.exe"}
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - compared and shown, never bound


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port, and whether the browser speaks TLS with this very process."""

    host: str
    port: int
    secure: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)

    @property
    def link(self) -> str:
        """What to type into a browser on this machine."""
        host = "localhost" if self.host in {"", "::", _EVERYWHERE} else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.secure else 'http'}://{shown}:{self.port}"


def listening_address(arguments: list[str] | None = None) -> Address:
    """From uvicorn's command line under uvicorn, else from Streamlit's settings.

    The gate checks each connection once more: a socket that was handed over or a program that
    starts uvicorn itself shows neither.
    """
    command = sys.argv if arguments is None else arguments
    program = Path(command[0])
    if program.name in _UVICORN or program.parent.name == "uvicorn":
        return _of_uvicorn(command[1:])
    host = config.get_option("server.address") or _EVERYWHERE
    secure = bool(config.get_option("server.sslCertFile"))
    return Address(host, int(config.get_option("server.port")), secure)


def _of_uvicorn(options: list[str]) -> Address:
    return Address(
        _option(options, "--host") or os.environ.get("UVICORN_HOST", "127.0.0.1"),
        int(_option(options, "--port") or os.environ.get("UVICORN_PORT", "8000")),
        _option(options, "--ssl-certfile") is not None,
    )


def _option(options: list[str], name: str) -> str | None:
    """The value of "--name value" or "--name=value"; the last one counts."""
    value = None
    for position, option in enumerate(options):
        if option == name and position + 1 < len(options):
            value = options[position + 1]
        elif option.startswith(f"{name}="):
            value = option.partition("=")[2]
    return value
