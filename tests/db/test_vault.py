"""The vault: what is sealed, what is found again, and the key file everything hangs on."""

import hmac
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import select, update

from data_access import vault as vaults
from data_access.queries.cases import open_text
from data_access.tables import Case, Party
from data_access.vault import Indexed, KeyFileError, Vault, open_vault

KEY = bytes(range(32))
HERE = "party.name:1:4711"


@settings(deadline=None)
@given(some.text(), some.text())
def test_what_was_sealed_opens_again_at_its_place_only(value, place):
    vault = Vault(KEY)
    stored = vault.encrypt(value, place=place)
    assert vault.decrypt(stored, place=place) == value
    with pytest.raises(InvalidTag):
        vault.decrypt(stored, place=place + "0")


@settings(deadline=None)
@given(some.text(), some.data())
def test_one_changed_bit_is_noticed(value, data):
    vault = Vault(KEY)
    stored = bytearray(vault.encrypt(value, place=HERE))
    # The first byte names the key and is not part of what is sealed.
    place = data.draw(some.integers(1, len(stored) - 1))
    stored[place] ^= 1 << data.draw(some.integers(0, 7))
    with pytest.raises(InvalidTag):
        vault.decrypt(bytes(stored), place=HERE)


def test_equal_values_do_not_look_equal_and_do_not_show():
    vault = Vault(KEY)
    sealed = {vault.encrypt("王小明", place=HERE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any("王小明".encode() in one for one in sealed)


def test_another_sites_key_opens_and_finds_nothing():
    ours, theirs = Vault(KEY), Vault(bytes(32))
    with pytest.raises(InvalidTag):
        theirs.decrypt(ours.encrypt("王小明", place=HERE), place=HERE)
    assert ours.index("王小明", Indexed.NAME) != theirs.index("王小明", Indexed.NAME)
    assert ours.fingerprint("王小明") != theirs.fingerprint("王小明")


def test_a_value_moved_to_another_row_does_not_open(db, world):
    mine, other = world.case(parties=("王小明",)), world.case(parties=("李大华",))

    def swap(session):
        stolen = session.scalar(select(Party.name_encrypted).where(Party.case_id == mine.id))
        session.execute(
            update(Party).where(Party.case_id == other.id).values(name_encrypted=stolen)
        )

    db.write(swap)
    with db.read() as session:
        assert open_text(session, session.scalars(select(Case).where(Case.id == mine.id)).one())
        with pytest.raises(InvalidTag):
            open_text(session, session.scalars(select(Case).where(Case.id == other.id)).one())


def test_nothing_stored_about_a_party_can_be_read_without_the_key(db, world):
    world.case(
        parties=("司空见惯",),
        identities=("51012919900101123X",),
        phones=("13898765432",),
        title="司空见惯家漏水",
        summary="电话13898765432",
    )
    with db.read() as session:
        rows = [session.execute(select(*table.__table__.columns)).all() for table in (Case, Party)]
    for secret in ("司空见惯", "51012919900101123X", "13898765432"):
        assert secret.encode() not in b"".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for table in rows
            for row in table
            for value in row
        )


# --- blind indexes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "forms"),
    [
        (Indexed.NAME, ["王小明", " 王 小 明 ", "王　小明"]),
        (Indexed.NAME, ["阿卜杜拉·买买提", "阿卜杜拉•买买提"]),
        (Indexed.PHONE, ["13812345678", "+86 138-1234-5678", "１３８１２３４５６７８"]),
        (Indexed.IDENTITY, ["51012919900101123x", " 51012919900101123X"]),
    ],
)
def test_however_a_value_is_written_its_index_is_one(kind, forms):
    found = {Vault(KEY).index(form, kind) for form in forms}
    assert len(found) == 1
    assert len(found.pop()) == 16


def test_an_index_of_one_kind_says_nothing_about_another():
    vault = Vault(KEY)
    number = "13812345678"
    assert len({vault.index(number, kind) for kind in Indexed}) == len(Indexed)


def test_an_index_is_the_same_tomorrow():
    """Changing a normal form or a key's derivation would lose every stored index silently."""
    known = {
        (Indexed.NAME, "王小明"): "0986aa7fdaa6901ab3bc0ae4a39ff2c4",
        (Indexed.PHONE, "13812345678"): "94e11445b0319c3960de36402fa5aa47",
        (Indexed.IDENTITY, "51012919900101123X"): "8215a9c3d39393b8d2234b2a4970bfa1",
    }
    assert {key: Vault(KEY).index(key[1], key[0]).hex() for key in known} == known


# --- the key file ----------------------------------------------------------------------------


def test_a_new_key_is_for_its_owner_alone_and_opens_the_same_vault_again(tmp_path):
    path = tmp_path / "new" / "secret.key"
    before = os.umask(0)
    try:
        made = open_vault(path, create=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = open_vault(path, create=False)
    assert again.decrypt(made.encrypt("王小明", place=HERE), place=HERE) == "王小明"
    assert [one.name for one in path.parent.iterdir()] == ["secret.key"]


def test_two_new_keys_differ(tmp_path):
    one, other = (open_vault(tmp_path / name, create=True) for name in ("a.key", "b.key"))
    assert one.fingerprint("x") != other.fingerprint("x")


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"00" * 31, b"00" * 33, b"nothing hexadecimal" * 4, b"\xff\xfe" * 32],
)
def test_a_damaged_key_is_refused_and_never_replaced(tmp_path, content, create):
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match=r"secret\.key"):
        open_vault(path, create=create)
    assert path.read_bytes() == content


def test_a_missing_key_is_refused_and_not_made(tmp_path):
    path = tmp_path / "secret.key"
    with pytest.raises(KeyFileError, match="备份"):
        open_vault(path, create=False)
    assert not path.exists()


def test_a_folder_in_place_of_the_key_is_refused(tmp_path):
    with pytest.raises(KeyFileError):
        open_vault(tmp_path, create=True)


def test_a_key_of_another_length_is_no_key():
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(bytes(31))


def test_of_eight_that_make_the_first_key_at_once_all_get_the_same(tmp_path):
    path = tmp_path / "secret.key"
    gate = threading.Barrier(8)

    def first_start(_):
        gate.wait()
        return open_vault(path, create=True).fingerprint("x")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(first_start, range(8)))) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["secret.key"]


def test_a_start_that_dies_while_it_makes_the_key_leaves_none(tmp_path, monkeypatch):
    path = tmp_path / "secret.key"

    def dies(_descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(vaults.os, "fsync", dies)
    with pytest.raises(KeyboardInterrupt):
        open_vault(path, create=True)
    monkeypatch.undo()
    assert not path.exists()
    assert open_vault(path, create=True).fingerprint("x")


@given(some.binary(max_size=80), some.binary(max_size=200))
def test_a_key_that_is_taken_in_once_makes_the_hashes_of_the_standard(key, message):
    key = key[:64]  # a longer one would be hashed first; ours have 32 bytes
    assert vaults._KeyedHash(key).digest(message) == hmac.digest(key, message, "sha256")
