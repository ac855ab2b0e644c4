"""Anchor files: signed so that anybody can check them, whole or not there, never written again."""

import json
import os
import stat
from dataclasses import replace
from datetime import date

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from data_access import anchors
from data_access.anchors import Anchor, AnchorKeyError
from tests.world import NOW

ANCHOR = Anchor("510129", 12, "ab" * 32, NOW, "")


def _file(**over):
    """The text of a file that would be an anchor but for what is changed."""
    return json.dumps(json.loads(ANCHOR.file_text()) | over).encode()


@pytest.fixture
def signed(tmp_path):
    """An anchor with its signature, and the folder it could lie in."""
    anchors._create_key(tmp_path / "anchor.key", anchors=tmp_path / "none")
    key = anchors._load_key(tmp_path / "anchor.key")
    plain = replace(ANCHOR, public_key=anchors._public_hex(key))
    return replace(plain, signature=key.sign(plain.signed_text()).hex())


def test_whoever_has_the_file_can_check_it_with_the_public_key_alone(signed):
    """As the how-to says: canonical JSON without the signature, Ed25519."""
    facts = json.loads(signed.file_text())
    signature = bytes.fromhex(facts.pop("signature"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(facts["public_key"]))
    key.verify(signature, json.dumps(facts, sort_keys=True, separators=(",", ":")).encode())
    facts["seq"] += 1
    with pytest.raises(InvalidSignature):
        key.verify(signature, json.dumps(facts, sort_keys=True, separators=(",", ":")).encode())


def test_an_anchor_that_was_written_is_read_again(signed, tmp_path):
    (tmp_path / "2026-03-02.json").write_bytes(signed.file_text())
    (file,) = anchors.read_anchors(tmp_path)
    assert (file.name, file.anchor) == ("2026-03-02.json", signed)
    assert anchors._is_signed(signed)


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 13},
        {"hash": "cd" * 32},
        {"county": "510131"},
        {"at": NOW.replace(year=2025)},
        {"public_key": "00" * 32},
        {"public_key": "no hex"},
        {"signature": "00" * 64},
        {"signature": ""},
    ],
    ids=repr,
)
def test_no_fact_can_be_changed_under_a_signature(signed, change):
    assert not anchors._is_signed(replace(signed, **change))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x00\xff",
        b"[]",
        b"{}",
        b"[" * 4000,
        b'{"format": "another"}',
        _file(seq="x"),
        _file(seq=-1),
        _file(at="2026-03-02T00:00:00"),
        _file(at="yesterday"),
    ],
)
def test_a_file_that_is_no_anchor_is_said_to_be_none(tmp_path, text):
    (tmp_path / "2026-03-02.json").write_bytes(_file())
    assert anchors.read_anchors(tmp_path)[0].anchor == ANCHOR
    (tmp_path / "2026-03-02.json").write_bytes(text)
    (file,) = anchors.read_anchors(tmp_path)
    assert file.anchor is None


def test_only_whole_anchors_in_the_folder_itself_are_read(signed, tmp_path):
    folder = tmp_path / "anchors"
    assert anchors.read_anchors(folder) == []
    (folder / "before-restore-2026").mkdir(parents=True)
    (folder / "before-restore-2026" / "2026-03-01.json").write_bytes(signed.file_text())
    (folder / ".2026-03-02.json.draft").write_bytes(b"half")
    assert anchors.read_anchors(folder) == []
    assert anchors.newest_day(folder, today=date(2026, 3, 4)) is None


def test_the_newest_day_is_told_by_names_alone(tmp_path):
    for name in ("2026-03-02", "2026-03-03-101500", "notes", "2026-13-01"):
        (tmp_path / f"{name}.json").touch()
    assert anchors.newest_day(tmp_path, today=date(2026, 3, 4)) == date(2026, 3, 3)
    # One that a wrong clock dated ahead says nothing of today's.
    assert anchors.newest_day(tmp_path, today=date(2026, 3, 2)) == date(2026, 3, 2)


def test_a_file_is_never_written_again(tmp_path):
    path = tmp_path / "2026-03-02.json"
    assert anchors._keep(path, b"first", mode=0o400)
    assert not anchors._keep(path, b"second", mode=0o400)
    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert [one.name for one in tmp_path.iterdir()] == ["2026-03-02.json"]


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(anchors.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        anchors._keep(tmp_path / "2026-03-02.json", b"first", mode=0o400)
    assert [*tmp_path.iterdir()] == []


def test_the_key_is_its_owners_alone_whatever_the_umask(tmp_path):
    old = os.umask(0)
    try:
        anchors._create_key(tmp_path / "anchor.key", anchors=tmp_path)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "anchor.key").stat().st_mode) == 0o600
    assert anchors.public_key(tmp_path / "anchor.key") == anchors.public_key(
        tmp_path / "anchor.key"
    )


def test_a_lost_key_is_not_replaced_where_it_has_signed(tmp_path):
    (tmp_path / "2026-03-02.json").touch()
    with pytest.raises(AnchorKeyError, match="找不到签名密钥"):
        anchors._create_key(tmp_path / "anchor.key", anchors=tmp_path)
    assert anchors.public_key(tmp_path / "anchor.key") is None


@pytest.mark.parametrize("content", [b"", b"noise", b"\xff" * 100])
def test_a_key_that_cannot_be_read_is_one_sentence(tmp_path, content):
    (tmp_path / "anchor.key").write_bytes(content)
    with pytest.raises(AnchorKeyError, match="已损坏"):
        anchors.public_key(tmp_path / "anchor.key")
