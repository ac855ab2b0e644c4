"""Encryption of personal data, field by field, and the blind indexes that find a value again.

AES-256-GCM with the place of the field as associated data, so that a value copied to another row
does not decrypt. A blind index is an HMAC of the normalised value under a key of its own: exact
matches only, useless without the key file.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain import privacy
from texts import gettext as _

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID = b"\x01"
_INDEX_BYTES = 16


class Indexed(StrEnum):
    """Kinds of value that have a blind index; each with its own key and normal form."""

    NAME = "name"
    PHONE = "phone"
    IDENTITY = "identity"


_NORMAL_FORM = {
    Indexed.NAME: privacy.normalise_name,
    Indexed.PHONE: privacy.normalise_phone,
    Indexed.IDENTITY: privacy.normalise_identity_number,
}


class KeyFileError(Exception):
    """The key file cannot be used; the message says why and what to do."""


class _KeyedHash:
    """HMAC-SHA-256 (RFC 2104) under one key that is taken in only once.

    Of a short value that is most of the work: an import of 100,000 cases asks 700,000 times.
    """

    def __init__(self, key: bytes) -> None:
        block = key.ljust(hashlib.sha256().block_size, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def digest(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


class Vault:
    """Encrypts, decrypts and indexes under one site key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            msg = "the site key has 32 bytes"
            raise ValueError(msg)
        self._key = key
        self._fields = AESGCM(_derive(key, "fields"))
        self._indexes = {kind: _KeyedHash(_derive(key, f"index:{kind}")) for kind in Indexed}
        self._audit = _KeyedHash(_derive(key, "audit"))

    def key(self) -> bytes:
        """The site key, for a process of our own that seals with it: through a pipe, never as an
        argument or a variable, where others look.
        """
        return self._key

    def encrypt(self, value: str, *, place: str) -> bytes:
        """The value as bytes that only this site, at this place, can read.

        `place` names table, column and row, like "party.name:1:4711".
        """
        nonce = os.urandom(_NONCE_BYTES)
        return _KEY_ID + nonce + self._fields.encrypt(nonce, value.encode(), place.encode())

    def encrypt_all(self, values: Mapping[str, str]) -> list[bytes]:
        """As `encrypt`, of values by their places: chance for all of them is asked for at once."""
        chance, start, seal = os.urandom(_NONCE_BYTES * len(values)), 0, self._fields.encrypt
        sealed = []
        for place, value in values.items():
            nonce = chance[start : (start := start + _NONCE_BYTES)]
            sealed.append(_KEY_ID + nonce + seal(nonce, value.encode(), place.encode()))
        return sealed

    def decrypt(self, stored: bytes, *, place: str) -> str:
        """The value again. Raises cryptography's InvalidTag where bytes or place were changed."""
        nonce, body = stored[1 : 1 + _NONCE_BYTES], stored[1 + _NONCE_BYTES :]
        return self._fields.decrypt(nonce, body, place.encode()).decode()

    def index(self, value: str, kind: Indexed) -> bytes:
        """The 16-byte blind index of a value; equal for values of the same normal form."""
        normal = _NORMAL_FORM[kind](value)
        return self._indexes[kind].digest(normal.encode())[:_INDEX_BYTES]

    def fingerprint(self, value: str) -> str:
        """A keyed hash for the audit trail: proves a value without holding it."""
        return self._audit.digest(value.encode()).hex()[:32]


def _derive(key: bytes, purpose: str) -> bytes:
    derived: bytes = HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose.encode()).derive(key)
    return derived


def open_vault(path: Path, *, create: bool) -> Vault:
    """The vault of the key file at `path`; `create` makes one (mode 0600) where there is none.

    Raises KeyFileError where the file is missing, unreadable or malformed: without the key, what is
    encrypted is lost, so a wrong one must never be replaced silently.
    """
    if create and not path.exists():
        _create_key(path)
    try:
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        raise KeyFileError(
            _("找不到密钥文件 {path};请从备份恢复,不要新建").format(path=path)
        ) from None
    except (OSError, ValueError):
        raise KeyFileError(_("密钥文件 {path} 无法读取或已损坏").format(path=path)) from None
    if len(key) != _KEY_BYTES:
        raise KeyFileError(_("密钥文件 {path} 的长度不对,应为 64 个十六进制字符").format(path=path))
    return Vault(key)


def _create_key(path: Path) -> None:
    """A new key file, whole or not at all; where another process was faster, its key stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made beside its place (mode 0600, whatever the umask) and linked there when it is on the disk:
    # a link, unlike a rename, never replaces what is there.
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(_KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
