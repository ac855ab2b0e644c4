"""What a check of the audit chain found: the break, the anchors, and what either means."""

from domain.trail import AnchorProblem, Break, Finding, Note, NoteKind, Verification
from texts.catalog import gettext as _
from texts.numbers import count


def verification_lines(verification: Verification, *, of_a_line: bool = False) -> list[str]:
    """The result of a check, sentence by sentence; shorter `of_a_line` of the trail itself."""
    if not verification.finished:
        return [_("核对没有完成,审计链是否完整还不知道。请再核对一次;总不能完成的,请联系管理员。")]
    told = [_verdict(verification)]
    if not of_a_line:
        told.append(_anchors_compared(verification))
    told += [finding_sentence(one) for one in verification.findings]
    more = verification.found - len(verification.findings)
    if more:
        told.append(_("另有 {count} 处锚定不符。").format(count=count(more)))
    told += [note_sentence(one) for one in verification.notes]
    if not of_a_line:
        told.append(_("用时 {seconds:.1f} 秒。").format(seconds=verification.seconds))
    return told


def _verdict(verification: Verification) -> str:
    if verification.broken_at is None:
        return _("审计链完整,共 {lines} 条。").format(lines=count(verification.lines))
    why = verification.why
    return _("审计链在第 {seq} 条断裂。{meaning}").format(
        seq=count(verification.broken_at), meaning=break_sentence(why) if why else ""
    )


def break_sentence(why: Break) -> str:
    """What a break means, and what it does not."""
    return {
        Break.GAP: _("这一条不在了:有人绕过程序删掉了它,或改了它的号。"),
        Break.LINK: _("它接不上前一条:前一条被整条换过,或中间有删改。"),
        Break.CONTENT: _("它的内容与写入时不同:有人绕过程序改过它。"),
        Break.END: _("链的末端与末端记录不符:最后的若干条被截掉,或有人在末端之后加了记录。"),
    }[why] + _("请保留现在的数据库,与备份和另存的锚定文件核对。")


def _anchors_compared(verification: Verification) -> str:
    if not verification.anchors:
        return _("还没有锚定文件,整条链被重写或截尾无从发现。")
    if verification.found:
        return _("与 {anchors} 份锚定文件比对,有 {found} 处不符:").format(
            anchors=count(verification.anchors), found=count(verification.found)
        )
    return _("与 {anchors} 份锚定文件全部相符。").format(anchors=count(verification.anchors))


def note_sentence(note: Note) -> str:
    """What a check cannot vouch for, and what to do about it."""
    return {
        NoteKind.MISSING: _(
            "审计记录里写着的锚定文件有 {count} 份不在文件夹里,最早的是 {first}:"
            "可能被人拿走,请用另存的副本核对。"
        ),
        NoteKind.DAYS: _(
            "近 30 天里有 {count} 天有记录而没有锚定,最早的是 {first}:"
            "请看服务日志,或用另存的副本核对。"
        ),
        NoteKind.NONE: _("一份锚定文件也没有,而站点已用了两天以上:请看服务日志,确认每天都在锚定。"),
        NoteKind.CLOCK: _(
            "{count} 份锚定的时间不对,如 {first}:签名那时本机的时钟走快或拨错了。"
            "这不说明链被改过;请校准时钟。"
        ),
    }[note.kind].format(count=count(note.count), first=note.first)


def finding_sentence(finding: Finding) -> str:
    """What one anchor found."""
    number = "—" if finding.seq is None else count(finding.seq)
    return {
        AnchorProblem.UNREADABLE: _("{name} 不是锚定文件,或已损坏。"),
        AnchorProblem.SIGNATURE: _("{name} 的签名不对:文件签名之后被改过。"),
        AnchorProblem.OTHER_KEY: _("{name} 不是用本站的密钥签的,或本站的密钥文件不在。"),
        AnchorProblem.OTHER_COUNTY: _("{name} 是另一个县的。"),
        AnchorProblem.LINES_MISSING: _(
            "{name} 证明链上曾有第 {number} 条,现在没有:链的尾部被截掉了。"
        ),
        AnchorProblem.REWRITTEN: _("{name} 证明第 {number} 条原来不是现在这样:链被改写过。"),
    }[finding.problem].format(name=finding.name, number=number)
