"""What an importer is told: why a row or a file was sent back, and what came of the rest."""

from domain.errors import Refusal
from domain.imports import (
    FileProblem,
    FileRefused,
    MappingProblem,
    MappingRefused,
    Note,
    Problem,
    Profile,
    Progress,
    RejectReason,
    Report,
    Step,
)
from texts.catalog import gettext as _
from texts.numbers import moment

_SHOWN = 12


def profile_name(profile: Profile) -> str:
    """The user's name for a kind of file."""
    return {
        Profile.UNITS: _("组织单位"),
        Profile.COMMITTEES: _("调委会与调解员"),
        Profile.CASES: _("矛盾纠纷"),
    }[profile]


def reason_sentence(reason: RejectReason) -> str:
    """Why a cell, and with it its row, could not be taken."""
    return {
        RejectReason.MISSING: _("必填,不能为空"),
        RejectReason.TOO_LONG: _("太长"),
        RejectReason.NOT_A_DATE: _("不是日期,请写成 2026-11-02 或 2026年11月2日"),
        RejectReason.NOT_A_NUMBER: _("不是数字"),
        RejectReason.OUT_OF_RANGE: _("超出允许的范围"),
        RejectReason.IN_FUTURE: _("晚于今天"),
        RejectReason.WRONG_ORDER: _("时间先后矛盾"),
        RejectReason.NOT_A_CODE: _("没有这个代码或名称"),
        RejectReason.NOT_YES_OR_NO: _("应填 是 或 否(1 或 0)"),
        RejectReason.BAD_IDENTITY_NUMBER: _("身份证号码位数或校验码不对"),
        RejectReason.DAMAGED_NUMBER: _(
            "号码被表格软件变成了科学计数,末几位已丢失,请按文本重新录入"
        ),
        RejectReason.HALF_A_POINT: _("经度和纬度要么都填,要么都不填"),
        RejectReason.SWAPPED_DEGREES: _("经度和纬度填反了"),
        RejectReason.UNKNOWN_UNIT: _("找不到这个单位"),
        RejectReason.AMBIGUOUS_UNIT: _("有多个同名的,请补充上级单位或改填编码"),
        RejectReason.NO_UNIT_IN_PLACE: _("没有填写,从发生地点也认不出镇街"),
        RejectReason.UNITS_DISAGREE: _("不在所填的上级单位之内"),
        RejectReason.UNKNOWN_MEDIATOR: _("找不到这位调解员"),
        RejectReason.RECUSED_MEDIATOR: _("这位调解员须回避这件案件,请在表里改为别人"),
        RejectReason.OUTSIDE_SCOPE: _("不在您的权限范围内"),
        RejectReason.DUPLICATE_IN_FILE: _("与本文件前面的一行重复"),
        RejectReason.NUMBER_OF_ANOTHER_CASE: _("这个编号已属于另一件内容完全不同的案件"),
        RejectReason.STAGE_WITHOUT_OUTCOME: _("已结,但没有说明是否成功或化解结果"),
        RejectReason.OUTCOME_WITHOUT_END: _("已有化解结果,环节却还在办理中"),
        RejectReason.NO_LIMIT_THEN: _("那个时间没有适用的办理时限"),
        RejectReason.WRONG_LEVEL: _("层级与编码或所属单位不符"),
        RejectReason.MOVED_UNIT: _("不能直接改上级;撤并请停用原单位,另用新编码新增"),
        RejectReason.OTHER_START: _("同一编码的单位仍在使用,启用日期与登记的不同"),
        RejectReason.STILL_HAS_PARTS: _("下级单位尚未停用,不能停用"),
        RejectReason.CODE_TAKEN: _("这个编码已属于另一位调解员"),
        RejectReason.SERVED_BEFORE: _(
            "此人已有登记,或有同名的人登记过回避:请填原来的调解员编码,或在“调委会”页新增"
        ),
        RejectReason.OTHER_NUMBER: _("与已登记的证件号码不同;若是另一人,请另给编码"),
        RejectReason.COMMITTEE_DIFFERS: _("与已登记的或本文件前面写的同一调委会不一致"),
    }[reason]


def problem_sentence(problem: Problem) -> str:
    """One reason with its column; the value too, where it is of no person."""
    if problem.value:
        return _("{column}“{value}”:{reason}。").format(
            column=problem.column, value=problem.value, reason=reason_sentence(problem.reason)
        )
    return _("{column}:{reason}。").format(
        column=problem.column, reason=reason_sentence(problem.reason)
    )


def file_refused(refusal: FileRefused) -> str:
    """Why a whole file was not read, and what to do. Nothing was changed."""
    sentence = {
        FileProblem.EMPTY: _("文件是空的。"),
        FileProblem.TOO_LARGE: _("文件超过 64 MB,请拆成几个文件。"),
        FileProblem.TOO_MANY_ROWS: _(
            "行数超过 20 万,或很靠下的行里有内容或格式;请删掉多余的行,或拆成几个文件。"
        ),
        FileProblem.TOO_MANY_COLUMNS: _("列数超过 100,或很靠右的列里有内容;请删掉多余的列。"),
        FileProblem.TOO_HEAVY: _("文件解开后过大或解析时间过长,已停止读取。"),
        FileProblem.SUSPICIOUS: _("文件内部结构异常,不像表格软件保存的,没有读取。"),
        FileProblem.NOT_A_TABLE: _(
            "不是表格文件。可用的格式:XLSX、XLS、ODS、CSV(UTF-8、UTF-16 或 GB18030)。"
        ),
        FileProblem.ARCHIVE: _("是压缩包,请先解压,再导入里面的表格。"),
        FileProblem.WEB_PAGE: _("内容是网页或 XML,只是扩展名像表格;请用表格软件打开,另存为 XLSX。"),
        FileProblem.PASSWORD: _("文件加了密码,请另存为不加密的文件。"),
        FileProblem.WRONG_ENCODING: _(
            "文字编码无法识别,或前后不一;请另存为 UTF-8 或 GB18030 的 CSV。"
        ),
        FileProblem.DAMAGED: _("文件已损坏或不完整,无法读取(CSV 请检查引号是否成对)。"),
        FileProblem.NO_SUCH_SHEET: _("没有这张工作表。"),
        FileProblem.NO_HEADER: _("前 20 行里找不到认识的表头。"),
        FileProblem.MISSING_COLUMNS: _("缺少必需的列:{names}。"),
        FileProblem.BROKEN_OFF: _(
            "导入中途被打断(可能是内存不足,或进程被结束),什么也没有写入。请再试一次。"
        ),
    }[refusal.problem]
    sentence = sentence.format(names=_joined(refusal.names))
    if refusal.problem is FileProblem.NO_SUCH_SHEET:
        return sentence + _("文件里有:{names}。").format(names=_joined(refusal.names))
    return sentence


def import_refused(refusal: Refusal) -> str | None:
    """What an importer is told when something was refused; None where it is no import's refusal."""
    match refusal:
        case FileRefused():
            return file_refused(refusal)
        case MappingRefused(problem=problem):
            return _mapping_refused(problem)
        case _other:
            return None


def _mapping_refused(problem: MappingProblem) -> str:
    """Why a mapping was neither saved nor deleted, and what to do."""
    return {
        MappingProblem.NAME_MISSING: _("请先给它起个名字。"),
        MappingProblem.NAME_LONG: _("名字太长,最多 60 个字。"),
        MappingProblem.NAME_TAKEN: _("已有同名的对照方案,请换个名字。"),
        MappingProblem.EMPTY: _("没有可保存的对照。"),
        MappingProblem.NOT_UNDERSTOOD: _("里面有本系统没有的列、代码或单位,没有保存。"),
        MappingProblem.CHANGED: _("这份对照方案刚被别人改过,没有保存。请重新选用后再改。"),
        MappingProblem.GONE: _("这份对照方案已被删除。"),
        MappingProblem.OF_OTHERS: _("这份对照方案是别人保存的,您可以选用,不能改或删除。"),
    }[problem]


def progress_sentence(progress: Progress, *, ahead: int = 0) -> str:
    """How far a file is, for whoever waits for it."""
    if ahead:
        return _("排队中,前面还有 {count} 个文件").format(count=ahead)
    sentence = {
        Step.READING: _("正在读取"),
        Step.CHECKING: _("正在逐行核对"),
        Step.SEALING: _("正在加密个人信息"),
        Step.WAITING: _("等待写入"),
        Step.WRITING: _("正在写入"),
        Step.DONE: _("完成"),
        Step.STOPPED: _("已停止,没有写入"),
    }[progress.step]
    if progress.total:
        return _("{what}:第 {done} 行,共 {total} 行").format(
            what=sentence, done=_exact(progress.done), total=_exact(progress.total)
        )
    return sentence


def what_importing_does(report: Report) -> str:
    """What a button says that will take a rehearsed file in."""
    if report.added or report.changed:
        return _("导入 {rows} 行:新增 {added},更新 {changed};退回 {rejected}").format(
            rows=_exact(report.rows),
            added=_exact(report.added),
            changed=_exact(report.changed),
            rejected=_exact(report.rejected),
        )
    return _("没有可写入的行;登记退回的 {rejected} 行,供下载改正").format(
        rejected=_exact(report.rejected)
    )


def note_sentence(note: Note, count: int) -> str:
    """Something about rows that were taken that the importer should know."""
    return {
        Note.KEPT_LOCAL: _(
            "{count} 件在本系统已有后续办理:环节、调解员和时限以本系统为准,没有被文件覆盖。"
        ),
        Note.UNKNOWN_MEDIATOR: _("{count} 件所填的化解责任人在本系统中找不到或有重名,没有指派。"),
        Note.MEDIATOR_NOT_ELIGIBLE: _(
            "{count} 件所填的调解员不能承办(回避、不在岗、请假、管辖、专长或已满),列为待指派。"
        ),
        Note.UNKNOWN_COMMITTEE: _("{count} 件所填的化解组织在本系统中找不到。"),
        Note.OUTCOME_ASSUMED: _("{count} 件没有写化解结果,按化解方式推定,书面协议一律不推定。"),
        Note.NO_CLOSING_DATE: _("{count} 件已结但没有化解日期,以导入时间为结案时间。"),
        Note.PLACE_FROM_TEXT: _("{count} 件没有填所属镇街,按发生地点的文字认定。"),
        Note.ALREADY_LATE: _("{count} 件导入时已经超期。"),
        Note.MERGED_FILLED: _("{count} 行里合并的单元格,按合并区域第一格的内容补全。"),
        Note.TOTAL_ROWS: _("{count} 行是合计、小计,没有当作记录。"),
        Note.REPEATED_HEADS: _("{count} 行是重复的标题或表头,没有当作记录。"),
        Note.FOOT_LINES: _("{count} 行是填表人、审核人、说明之类,没有当作记录。"),
        Note.NO_CONTENT: _("{count} 行在认识的列里没有内容(如只有序号),没有当作记录。"),
    }[note].format(count=count)


def report_lines(report: Report) -> list[str]:
    """The report on a file, line by line, as a command line or a page shows it."""
    if report.same_as is not None and report.same_at is not None:
        return [
            _("{file} 与第 {batch} 批({when})导入的文件完全相同,没有重复导入。").format(
                file=report.file_name,
                batch=report.same_as,
                when=moment(report.same_at, now=report.same_at),
            )
        ]
    lines = [
        _(
            "{file}({profile}):共 {rows} 行,新增 {added},更新 {changed},未变 {unchanged},"
            "退回 {rejected}。"
        ).format(
            file=report.file_name,
            profile=profile_name(report.profile),
            rows=report.rows,
            added=report.added,
            changed=report.changed,
            unchanged=report.unchanged,
            rejected=report.rejected,
        )
    ]
    lines += report_notes(report)
    lines += [
        _("第 {row} 行 {problem}").format(row=one.row_number, problem=problem_sentence(one))
        for one in report.first_problems
    ]
    return lines


def report_notes(report: Report) -> list[str]:
    """What the importer should know of columns and of rows that are taken."""
    noted = [note_sentence(note, rows) for note, rows in report.notes.items()]
    return _dropped_lines(report) + noted


def _dropped_lines(report: Report) -> list[str]:
    dropped = report.dropped
    told = (
        (dropped.profiling, _("涉及个人画像的列依法不采集,读入时已丢弃,没有保存:{names}。")),
        (dropped.not_kept, _("本系统不需要、没有保存的标准列:{names}。")),
        (dropped.unknown, _("不认识、没有读取的列:{names}。")),
        (dropped.repeated, _("重复的列,只用了第一列:{names}。")),
    )
    return [sentence.format(names=_joined(names)) for names, sentence in told if names]


def _joined(names: tuple[str, ...]) -> str:
    more = _("等 {count} 列").format(count=len(names)) if len(names) > _SHOWN else ""
    return _("、").join(names[:_SHOWN]) + more


def _exact(number: int) -> str:
    """Rows are counted to the last one, however many: 120,345."""
    return f"{number:,}"
