"""Passwords and tokens: how they are judged, hashed and compared. No table is touched here."""

import hashlib
import hmac
import ipaddress
import re
import secrets
import string
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import SignInProblem, SignInRefused
from domain.people import AccountProblem

# argon2id with the library's defaults (RFC 9106, low-memory profile: 64 MiB, 3 passes, 4 lanes).
_HASHER = PasswordHasher()
# Of 32 random bytes that were thrown away: what an unknown login is checked against.
_NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4$DYMD2JyLT"
    "SHQrPa67cgcfA$ee/E5ZK3DCOx3pSLmOiyo/cyBxEPD/3seNpZWXciEhI"
)
# Each hash takes 64 MiB: more of them at a time and a flood of sign-ins would eat the machine.
_PARALLEL_HASHES = 3
_LONGEST_WAIT_SECONDS = 3.0
_turns = threading.BoundedSemaphore(_PARALLEL_HASHES)

LOGIN_FORM = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
_SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 200
_PASSPHRASE = 20
_KINDS_WANTED = 3
_TOKEN_BYTES = 32
_SETUP_GROUPS = 3
_SETUP_GROUP = 4
# Without 0 O 1 I L, which people mix up when they copy from a terminal.
_SETUP_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_PASSWORD_ALPHABET = "".join(c for c in string.ascii_letters + string.digits if c not in "0OoIl1")
_PASSWORD_GROUPS, _PASSWORD_GROUP = 3, 4

# Stems of what is tried first here; a password that is one of them with a few more characters
# around it is as weak.
_COMMON = """
password passw0rd p@ssw0rd p@ssword admin administrator root qwerty qwertyuiop asdfgh zxcvbn
1qaz2wsx 1q2w3e4r abc123 a123456 123456 1234567890 111111 000000 666666 888888 5201314
iloveyou woaini welcome letmein zongzhi wusong wangge tiaojie
"""
_COMMON_STEMS = frozenset(_COMMON.split())


def normalise_login(login: str) -> str:
    """The one form in which a login is stored and looked up."""
    return unicodedata.normalize("NFKC", login).strip().lower()


def password_problem(password: str, *, login: str) -> AccountProblem | None:
    """The first reason why a password cannot be taken, or None.

    10 characters of three kinds, or a passphrase of 20 (GB/T 22239-2019 8.1.4.1 asks for complexity
    and fixes no number).
    """
    if len(password) < _SHORTEST_PASSWORD:
        return AccountProblem.TOO_SHORT
    if len(password) > _LONGEST_PASSWORD:
        return AccountProblem.TOO_LONG
    lowered = password.lower()
    if normalise_login(login) and normalise_login(login) in lowered:
        return AccountProblem.CONTAINS_LOGIN
    if _is_common(lowered):
        return AccountProblem.TOO_COMMON
    if len(password) < _PASSPHRASE and _kinds(password) < _KINDS_WANTED:
        return AccountProblem.TOO_SIMPLE
    return None


def _is_common(lowered: str) -> bool:
    stem = lowered.strip("0123456789!@#$%^&*()_+-=.,? ")
    few = len(set(lowered)) <= 4  # noqa: PLR2004 - aaaaaaaaA1 and its kind
    return few or stem in _COMMON_STEMS or lowered in _COMMON_STEMS


def _kinds(password: str) -> int:
    """How many of lower case, upper case, digits and everything else occur."""
    return sum(
        any(test(character) for character in password)
        for test in (
            str.islower,
            str.isupper,
            str.isdigit,
            lambda c: not (c.islower() or c.isupper() or c.isdigit()),
        )
    )


def hash_password(password: str) -> str:
    """The argon2id hash to store. Takes about 0.2 s. Raises SignInRefused(BUSY) under a flood."""
    with _Turn():
        return _HASHER.hash(_prepared(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the stored hash.

    Without a hash (nobody has this login) the same work is done against a made-up one, so that the
    time tells nothing. Raises SignInRefused(BUSY) rather than queue for ever.
    """
    with _Turn():
        try:
            _HASHER.verify(stored or _NOBODYS_HASH, _prepared(password))
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None


def needs_new_hash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _prepared(password: str) -> str:
    # A phone and a desktop may compose the same characters differently. What is longer than any
    # password that was ever accepted is cut, so that a request cannot buy work by its size.
    return unicodedata.normalize("NFKC", password[: _LONGEST_PASSWORD + 1])


class _Turn:
    """One of the few places at the hash; refuses where none gets free in time."""

    def __enter__(self) -> None:
        if not _turns.acquire(timeout=_LONGEST_WAIT_SECONDS):
            raise SignInRefused(SignInProblem.BUSY)

    def __exit__(self, *_: object) -> None:
        _turns.release()


def new_password(login: str) -> str:
    """A random password like "kT7q-Wm3e-Zp9R" (70 bits): readable aloud, good for `login`."""
    while True:
        password = "-".join(
            "".join(secrets.choice(_PASSWORD_ALPHABET) for _ in range(_PASSWORD_GROUP))
            for _ in range(_PASSWORD_GROUPS)
        )
        if password_problem(password, login=login) is None:
            return password


def new_token() -> str:
    """A session token of 256 random bits. Whoever holds it is signed in: it goes nowhere else."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_setup_code() -> str:
    """A one-time code for the terminal, like "K7QD-X2MN-9RHT": 59 random bits."""
    groups = (
        "".join(secrets.choice(_SETUP_ALPHABET) for _ in range(_SETUP_GROUP))
        for _ in range(_SETUP_GROUPS)
    )
    return "-".join(groups)


def hash_token(token: str) -> str:
    """SHA-256 of a random token: what is stored, so that a stolen backup opens no session."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_setup_code(code: str) -> str:
    """SHA-256 of a set-up code, however it was typed: case, dashes and blanks do not matter."""
    typed = unicodedata.normalize("NFKC", code).upper()
    return hash_token("".join(character for character in typed if character.isalnum()))


def same_hash(left: str, right: str) -> bool:
    """Compare two hashes in a time that does not depend on where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def address_block(address: str) -> str:
    """What a limit per address counts: the address itself, and for IPv6 its /64 network.

    One subscriber has 2 to the 64 addresses of IPv6; counting each alone would be no limit. Some
    proxies write the client's port behind the address: it changes with every connection.
    """
    try:
        parsed = ipaddress.ip_address(plain_address(address))
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def plain_address(address: str) -> str:
    """The address in "10.1.2.3:50000" and "[2001:db8::1]:50000"; any other as it is."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, colon, port = address.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else address
