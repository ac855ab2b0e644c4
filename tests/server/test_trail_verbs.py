"""The verbs about the trail, as whoever runs the server meets them."""

import re
import stat

import pytest
from sqlalchemy import delete, select, text, update

from data_access.__main__ import main
from data_access.tables import AuditHead, AuditLine


@pytest.fixture
def run(installation, monkeypatch, capsys):
    """Runs a verb in this process, on the installation. Returns its status and what it said."""
    monkeypatch.setenv("DATA_DIR", str(installation.folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def verb(*words):
        ending = ""
        try:
            status = main([*map(str, words)])
        except SystemExit as end:
            status, ending = 1, str(end.code)
        said = capsys.readouterr()
        return status, said.out + said.err + ending

    return verb


def anchors(installation):
    return sorted((installation.folder / "anchors").glob("*.json"))


def rewrite(installation, *, keep):
    """The chain anew, cut after `keep` lines, with a head that fits: nothing in it is wrong."""
    db = installation.db

    def work(session):
        session.execute(text("DROP TRIGGER audit_log_no_delete"))
        session.execute(delete(AuditLine).where(AuditLine.seq > keep))
        last = session.scalars(select(AuditLine.hash).where(AuditLine.seq == keep)).one()
        session.execute(update(AuditHead).values(seq=keep, hash=last))

    db.write(work)
    db.dispose()


def test_a_site_is_anchored_checked_and_found_whole(installation, run):
    status, said = run("anchor")
    assert status == 0
    (path,) = anchors(installation)
    assert str(path) in said
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    status, said = run("verify-audit")
    assert status == 0
    assert "与 1 份锚定文件全部相符" in said
    lines = int(re.search(r"审计链完整,共 (\d+) 条", said)[1])
    # The check is a line itself.
    assert f"共 {lines + 1} 条" in run("verify-audit")[1]


def test_the_public_key_is_shown_to_be_written_down(installation, run):
    assert run("anchor", "--public-key")[0] == 1
    assert not (installation.folder / "anchor.key").exists()
    run("anchor")
    status, said = run("anchor", "--public-key")
    assert status == 0
    assert re.fullmatch(r"[0-9a-f]{64}\n", said)


def test_a_cut_that_the_chain_does_not_show_is_found_by_copies_kept_elsewhere(
    installation, run, tmp_path_factory
):
    run("anchor")
    key = run("anchor", "--public-key")[1].strip()
    outside = tmp_path_factory.mktemp("usb")
    for path in anchors(installation):
        (outside / path.name).write_bytes(path.read_bytes())
        path.unlink()
    (installation.folder / "anchor.key").unlink()
    rewrite(installation, keep=1)
    assert "断裂" not in run("verify-audit")[1]
    typed = f" {key[:32].upper()} {key[32:]} "
    status, said = run("verify-audit", "--anchors", outside, "--public-key", typed)
    assert status == 1
    assert re.search("证明链上曾有第 2 条,现在没有|证明第 2 条原来不是现在这样", said)
    assert "没有文件夹" in run("verify-audit", "--anchors", outside / "none")[1]


def test_a_broken_chain_is_said_to_be_with_its_line(installation, run):
    db = installation.db

    def work(session):
        session.execute(text("DROP TRIGGER audit_log_no_update"))
        session.execute(update(AuditLine).where(AuditLine.seq == 2).values(subject="case:X"))

    db.write(work)
    db.dispose()
    status, said = run("verify-audit")
    assert status == 1
    assert "第 2 条断裂" in said


def test_a_backup_is_anchored_and_putting_it_back_sets_its_future_aside(installation, run):
    status, said = run("backup")
    assert status == 0
    assert "已锚定到" in said
    (backup,) = (installation.folder / "backups").glob("*.db")
    (before,) = anchors(installation)
    for _ in range(3):
        run("verify-audit")
    assert run("housekeeping")[0] == 0
    assert len(anchors(installation)) == 2
    status, said = run("restore", backup, "--replace")
    assert status == 0, said
    assert "1 份锚定文件记的是备份之后的记录" in said
    assert anchors(installation) == [before]
    assert len(list((installation.folder / "anchors").glob("before-restore-*/*.json"))) == 1
    assert run("verify-audit")[0] == 0


@pytest.mark.parametrize("damage", ["a lost key", "a damaged key", "a file for a folder"])
def test_no_backup_is_given_up_for_an_anchor(installation, run, damage):
    run("anchor")
    folder, key = installation.folder / "anchors", installation.folder / "anchor.key"
    if damage == "a lost key":
        key.unlink()
    elif damage == "a damaged key":
        key.write_text("noise")
    else:
        (path,) = anchors(installation)
        path.unlink()
        folder.rmdir()
        folder.touch()
    status, said = run("backup")
    assert status == 0, said
    assert "已备份到" in said
    assert "已锚定到" not in said
    assert re.search("签名密钥|不能读写", said)
    assert run("anchor")[0] == 1
    # The chain itself is checked all the same.
    assert "审计链完整" in run("verify-audit")[1]


def test_the_days_work_says_what_it_deleted_and_what_failed(installation, run):
    status, said = run("housekeeping")
    assert status == 0
    assert "退回的行 0" in said
    (path,) = anchors(installation)
    assert str(path) in said
    path.unlink()
    (path.parent / "2026-01-01.json").write_text("{}")
    (installation.folder / "anchor.key").unlink()
    status, said = run("housekeeping")
    assert status == 1
    assert "锚定 没有做成:已有签过名的锚定文件" in said
