"""Anchors: where the audit chain stood, signed into files that are never written again.

Whoever can write to the database can write the whole chain anew, with hashes that fit. An anchor
says which hash a line had on a day; copied to where that person cannot reach, it tells.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select, tuple_
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm import Session

from data_access import audit, reference
from data_access.engine import Database
from data_access.tables import AuditLine, OrganisationUnit
from domain.clocks import BEIJING, day_of
from domain.people import system_actor
from domain.trail import AnchorProblem, Finding
from texts import gettext as _

FORMAT = "wusong-anchor/1"
_LONGEST_FILE = 4096
_HASHES_AT_ONCE = 500
_FINGERPRINT = 16
ANCHORED = "trail:anchor"


class AnchorKeyError(Exception):
    """The signing key cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `at` the chain of the county of this division code had `seq` lines, the last with `hash`.

    `public_key` (32 bytes) and `signature` (64 bytes) are hexadecimal, Ed25519.
    """

    county: str
    seq: int
    hash: str
    at: datetime
    public_key: str
    signature: str = ""

    def signed_text(self) -> bytes:
        """What the signature is over: all but itself, as JSON without blanks, keys in order."""
        return json.dumps(self._facts(), sort_keys=True, separators=(",", ":")).encode()

    def file_text(self) -> bytes:
        """What stands in the file."""
        return (json.dumps(self._facts() | {"signature": self.signature}, indent=2) + "\n").encode()

    def _facts(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "county": self.county,
            "seq": self.seq,
            "hash": self.hash,
            "at": self.at.astimezone(UTC).isoformat(),
            "public_key": self.public_key,
        }


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """A file in the folder of anchors; `anchor` is None where it holds none."""

    name: str
    anchor: Anchor | None


# --- signing -----------------------------------------------------------------------------------


def sign_daily(db: Database, *, folder: Path, key_path: Path, now: datetime) -> Path | None:
    """The day's anchor; None where the day (of Beijing) has one, or there is no chain yet.

    Raises AnchorKeyError, OSError.
    """
    path = folder / f"{day_of(now).isoformat()}.json"
    return None if path.exists() else _sign(db, path, key_path, now)


def sign_now(db: Database, *, folder: Path, key_path: Path, now: datetime) -> Path | None:
    """An anchor of this moment, for a backup or on demand; None where there is no chain yet.

    Raises AnchorKeyError, OSError.
    """
    path = folder / f"{now.astimezone(BEIJING):%Y-%m-%d-%H%M%S}.json"
    return _sign(db, path, key_path, now)


def public_key(key_path: Path) -> str | None:
    """The public key in hexadecimal, or None where there is no key yet. Raises AnchorKeyError."""
    return _public_hex(_load_key(key_path)) if key_path.exists() else None


def _sign(db: Database, path: Path, key_path: Path, now: datetime) -> Path | None:
    with db.read() as session:
        county_id = reference.county_id(session)
        if county_id is None:
            return None
        code = select(OrganisationUnit.code).where(OrganisationUnit.id == county_id)
        county = session.scalars(code).one()
        seq, last_hash = audit.head(session, county_id=county_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not key_path.exists():
        _create_key(key_path, anchors=path.parent)
    key = _load_key(key_path)
    plain = Anchor(county, seq, last_hash, now, _public_hex(key))
    signed = replace(plain, signature=key.sign(plain.signed_text()).hex())
    if not _keep(path, signed.file_text(), mode=0o400):
        return None
    _witness(db, path.name, signed, county_id)
    return path


def _witness(db: Database, name: str, anchor: Anchor, county_id: int) -> None:
    """Leave a line in the trail: whoever takes the file away must cut or rewrite the chain, too.

    After the file, and behind what it signs: a line without its file would accuse somebody. A chain
    that takes no line more, as it is broken, is all the more to be anchored.
    """
    facts = {"file": name, "anchored": anchor.seq, "key": fingerprint(anchor.public_key)}

    def work(session: Session) -> None:
        deed = audit.Deed(ANCHORED, "trail", facts)
        audit.append(
            session, [deed], actor=system_actor(county_id), at=anchor.at, changes_data=False
        )

    with suppress(IntegrityError, NoResultFound):
        db.write(work)


def fingerprint(public: str) -> str:
    """A short name of a public key: the first 64 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(public.encode()).hexdigest()[:_FINGERPRINT]


def _create_key(path: Path, *, anchors: Path) -> None:
    """A new key (PKCS #8, mode 0600), but never in the place of one that was lost."""
    if any(anchors.glob("*.json")):
        raise AnchorKeyError(
            _(
                "已有签过名的锚定文件,但找不到签名密钥 {path}。请从备份恢复密钥;"
                "确已丢失的,把 {folder} 整个移到别处保存,再重新运行,会生成新的密钥。"
            ).format(path=path, folder=anchors)
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _keep(path, pem, mode=0o600)


def _load_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise AnchorKeyError(_("签名密钥文件 {path} 无法读取或已损坏").format(path=path))
    return key


def _public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def _keep(path: Path, content: bytes, *, mode: int) -> bool:
    """Write a file whole or not at all; False where there is one, which stays as it is."""
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(mode)
        # A link, unlike a rename, never replaces what is there.
        with suppress(FileExistsError):
            os.link(draft, path)
            return True
    finally:
        Path(draft).unlink()
    return False


def set_aside(db: Database, *, folder: Path, key_path: Path, now: datetime) -> list[Path]:
    """Move anchors that the chain no longer fits into a folder beside the others; they are kept.

    For whoever has just put an older backup back, and says so: the lines after it are gone, and the
    anchors that speak of them would accuse the chain for ever. Returns where they are now.
    """
    with db.read() as session:
        county_id = reference.county_id(session)
        if county_id is None:
            return []
        files, key = read_anchors(folder), public_key(key_path)
        _doubtful, sound = judge(session, county_id=county_id, files=files, key=key)
        names = {one.name for one in against_chain(session, county_id=county_id, sound=sound)}
    beside = folder / f"before-restore-{now.astimezone(BEIJING):%Y-%m-%d-%H%M%S}"
    if names:
        beside.mkdir(mode=0o700, exist_ok=True)
    return [(folder / name).rename(beside / name) for name in sorted(names)]


# --- checking ----------------------------------------------------------------------------------


def read_anchors(folder: Path) -> list[AnchorFile]:
    """Every anchor in the folder, by name; none where there is no folder."""
    return [AnchorFile(path.name, _read(path)) for path in sorted(folder.glob("*.json"))]


def anchors_below(folder: Path) -> list[Anchor]:
    """Those that somebody set aside in folders of their own, where their signatures are right."""
    found = (_read(path) for path in sorted(folder.glob("*/**/*.json")))
    return [one for one in found if one is not None and _is_signed(one)]


def newest_day(folder: Path, *, today: date) -> date | None:
    """The last day (of Beijing) that has an anchor, by the names of the files alone.

    What a wrong clock dated ahead is no sign that today's anchor was signed.
    """
    days = (day_in(path.name) for path in folder.glob("*.json"))
    return max((day for day in days if day is not None and day <= today), default=None)


def day_in(name: str) -> date | None:
    """The day in a file's name; None where there is none."""
    try:
        return date.fromisoformat(name[: len("2026-11-22")])
    except ValueError:
        return None


def _read(path: Path) -> Anchor | None:
    try:
        with path.open("rb") as file:
            facts = json.loads(file.read(_LONGEST_FILE))
        if facts["format"] != FORMAT:
            return None
        anchor = Anchor(
            str(facts["county"]),
            int(facts["seq"]),
            str(facts["hash"]),
            datetime.fromisoformat(facts["at"]),
            str(facts["public_key"]),
            str(facts["signature"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return anchor if anchor.at.tzinfo is not None and anchor.seq >= 0 else None


def judge(
    session: Session, *, county_id: int, files: Sequence[AnchorFile], key: str | None
) -> tuple[list[Finding], list[tuple[str, Anchor]]]:
    """What is wrong with the files themselves; and the others, by name: witnesses of this chain.

    `key` is the site's public key, in hexadecimal.
    """
    code = select(OrganisationUnit.code).where(OrganisationUnit.id == county_id)
    county = session.scalars(code).one()
    found, sound = [], []
    for file in files:
        problem = _problem(file.anchor, county, key)
        if problem is not None:
            found.append(Finding(problem, file.name, file.anchor.seq if file.anchor else None))
        elif file.anchor is not None:
            sound.append((file.name, file.anchor))
    return found, sound


def _problem(anchor: Anchor | None, county: str, key: str | None) -> AnchorProblem | None:
    if anchor is None:
        return AnchorProblem.UNREADABLE
    if not _is_signed(anchor):
        return AnchorProblem.SIGNATURE
    if anchor.public_key != key:
        return AnchorProblem.OTHER_KEY
    return None if anchor.county == county else AnchorProblem.OTHER_COUNTY


def _is_signed(anchor: Anchor) -> bool:
    try:
        signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(anchor.public_key))
        signer.verify(bytes.fromhex(anchor.signature), anchor.signed_text())
    except (ValueError, InvalidSignature):
        return False
    return True


def against_chain(
    session: Session, *, county_id: int, sound: Sequence[tuple[str, Anchor]]
) -> list[Finding]:
    """What sound anchors have against the chain, in the order of the lines that they speak of.

    The chain's own hashes are verified apart; here they are taken as they stand, and only compared:
    what was put in their place need not be text at all. When an anchor says that it was signed is
    not asked: a clock may have been wrong, and the number of lines tells the order.
    """
    numbers, pairs = {0}, {(0, audit.GENESIS)}
    wanted = sorted({(anchor.seq, anchor.hash) for _name, anchor in sound})
    seq, line_hash = AuditLine.seq, AuditLine.hash
    for start in range(0, len(wanted), _HASHES_AT_ONCE):
        part = wanted[start : start + _HASHES_AT_ONCE]
        ours = AuditLine.county_id == county_id
        numbers.update(session.scalars(select(seq).where(ours, seq.in_({n for n, _ in part}))))
        fits = tuple_(seq, line_hash).in_(part)
        pairs.update(
            (row.seq, row.hash) for row in session.execute(select(seq, line_hash).where(ours, fits))
        )
    found = []
    for name, anchor in sorted(sound, key=lambda one: (one[1].seq, one[0])):
        if anchor.seq not in numbers:
            found.append(Finding(AnchorProblem.LINES_MISSING, name, anchor.seq))
        elif (anchor.seq, anchor.hash) not in pairs:
            found.append(Finding(AnchorProblem.REWRITTEN, name, anchor.seq))
    return found
