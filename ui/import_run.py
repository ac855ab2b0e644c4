"""Steps 3 and 4: what would come of the file, the import itself, and what came of it."""

import secrets

import streamlit as st

from data_access import site
from data_access.queries.import_mappings import meanings
from domain.imports import REJECTS_KEPT, Progress, Report, Step
from domain.people import Actor, Permission
from texts import gettext as _
from texts.imports import profile_name, progress_sentence, report_lines, what_importing_does
from texts.sentences import explain
from ui import clock, feedback, import_file, import_report, import_table
from ui.import_file import FileInHand
from ui.import_jobs import Job, Order, jobs
from ui.session import acting, still

# Where a step begins on the bar, and how far it goes.
_BAR = {
    Step.READING: (0.02, 0.15),
    Step.CHECKING: (0.17, 0.38),
    Step.SEALING: (0.55, 0.25),
    Step.WAITING: (0.01, 0.0),
    Step.WRITING: (0.8, 0.19),
    Step.DONE: (1.0, 0.0),
    Step.STOPPED: (1.0, 0.0),
}


def rehearsal(hand: FileInHand, actor: Actor) -> Job | None:
    """The rehearsal of the file in hand, or None before one."""
    return jobs().get(actor.user_id, hand.rehearsal) if hand.rehearsal else None


def settled(hand: FileInHand | None, actor: Actor) -> FileInHand | None:
    """The file in hand, unless it was taken in and its report laid aside in another tab."""
    if hand is None or not hand.ordered or jobs().get(actor.user_id, hand.order) is not None:
        return hand
    import_file.put_away()
    return None


def show_waiting(job: Job) -> None:
    """How far a job is; the page goes on by itself when it is over."""
    text = _("正在预演“{name}”,不写入任何内容。") if not job.writes else _("正在导入“{name}”。")
    import_report.show(
        [import_report.heading(text.format(name=job.file_name))], key="import_waiting"
    )
    _live_bar(job.key)
    if job.writes:
        import_report.show(
            [import_report.text(_("可以关闭本页去做别的事:导入会继续,回来还能看到结果。"))],
            key="import_waiting_hint",
        )


@st.fragment(run_every=clock.REFRESH_SECONDS)
def _live_bar(key: str) -> None:
    actor = still(Permission.IMPORT_RUN)
    if actor is None:
        # The whole page says why, and how to come back.
        st.rerun()
    job = jobs().get(actor.user_id, key)
    if job is None or job.over:
        st.rerun()
    ahead = jobs().ahead_of(job) if job.progress == Progress(Step.WAITING) else 0
    st.progress(_part(job.progress), text=progress_sentence(job.progress, ahead=ahead))


def _part(progress: Progress) -> float:
    begins, length = _BAR[progress.step]
    done = progress.done / progress.total if progress.total else 0.0
    return begins + length * min(1.0, done)


def show_rehearsed(hand: FileInHand, report: Report, actor: Actor) -> None:
    """What would come of the file, the words to be given a meaning, and the rows sent back."""
    blocks = [
        import_report.file(hand.name, len(hand.content), hand.peek),
        import_report.figures(report),
        *import_report.notes(report),
    ]
    import_report.show(blocks, key="import_figures")
    feedback.show_refusal("import_run")
    if report.unmapped:
        _show_words(hand, report, actor)
    import_report.show(import_report.problems(report), key="import_problems")


def _show_words(hand: FileInHand, report: Report, actor: Actor) -> None:
    rows = sum(word.rows for word in report.unmapped)
    with site.current().db.read() as session:
        known = meanings(session, scope=actor.scope(Permission.IMPORT_RUN), now=clock.now())
    title = import_report.heading(
        _("这些词系统不认识"), _("指明意思后再预演,最多可少退回 {rows} 行").format(rows=rows)
    )
    import_report.show([title], key="import_words_title")
    import_table.show_words(hand, report.unmapped, known)


def show_end(job: Job, hand: FileInHand | None) -> None:
    """What came of an import; the bytes are not needed any more."""
    report = job.report
    if report is None:
        _show_stopped(job, hand)
        return
    if report.same_as is not None:
        blocks = [import_report.text(line, "warn") for line in report_lines(report)]
        import_report.show(blocks, key="import_end")
        with _actions():
            _next_button()
            if hand is not None:
                st.button(_("仍要再导入一次"), key="import_again", on_click=_run, args=(True,))
        return
    if hand is not None and hand.order == job.key:
        import_file.put_away()
    now = clock.now()
    title = _("已导入“{name}”({kind})").format(
        name=report.file_name, kind=profile_name(report.profile)
    )
    blocks = [
        import_report.text(title, "good"),
        import_report.figures(report),
        *import_report.notes(report),
    ]
    if report.rejected and report.batch_id is not None:
        until = (job.ended_at or now) + REJECTS_KEPT
        blocks.append(import_report.rejects(report.batch_id, report.rejected, until, now=now))
    import_report.show([*blocks, *import_report.problems(report)], key="import_end")
    with _actions():
        _next_button()


def _show_stopped(job: Job, hand: FileInHand | None) -> None:
    show_stopped(job)
    with _actions():
        if hand is None:
            _next_button()
        else:
            st.button(_("回到文件"), key="import_back_to_file", type="primary", on_click=_back)


def show_stopped(job: Job) -> None:
    """Why a file was not worked on to the end."""
    if job.refusal is not None:
        sentence = explain(job.refusal, now=clock.now())
    elif job.lost:
        sentence = _("数据库没有应答,不知道这份文件写入了没有。请先看“导入记录”,再决定要不要重来。")
    elif job.reference:
        sentence = _("出了意外的错误。请先看“导入记录”里有没有这一批;编号 {reference}。")
        sentence = sentence.format(reference=job.reference)
    else:
        sentence = _("服务器磁盘已满,没有写入任何内容。请告诉系统管理员。")
    import_report.show([import_report.text(sentence, "bad")], key="import_stopped")


def show_actions(hand: FileInHand, report: Report | None) -> None:
    """The one obvious next step, and the way back."""
    if report is None:
        readable = hand.outline().readable and hand.other_header_row() is None
        st.button(
            _("下一步:预演(不写入)"),
            key="import_rehearse",
            type="primary",
            disabled=not readable,
            on_click=_rehearse,
        )
        return
    if hand.mapping != hand.rehearsed:
        st.button(_("按新的意思再预演"), key="import_rehearse", type="primary", on_click=_rehearse)
    elif report.added or report.changed or report.rejected:
        st.button(what_importing_does(report), key="import_run", type="primary", on_click=_run)
    else:
        st.button(_("没有变化,不用导入"), key="import_run", disabled=True)
    st.button(_("回去改列"), key="import_back", on_click=_back)


def _actions() -> st.delta_generator.DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", key="import_actions")


def _next_button() -> None:
    st.button(_("导入下一个文件"), key="import_next", type="primary", on_click=_next)


def _rehearse() -> None:
    with feedback.refusals_kept("import_run"):
        _begin(writes=False)


def _run(again: bool = False) -> None:  # noqa: FBT001, FBT002 - a button's argument
    with feedback.refusals_kept("import_run"):
        _begin(writes=True, again=again)


def _begin(*, writes: bool, again: bool = False) -> None:
    actor, hand = acting(Permission.IMPORT_RUN), import_file.in_hand()
    if hand is None:
        return
    if again:
        jobs().lay_aside(actor.user_id, hand.order)
        hand.order = secrets.token_hex(16)
    key = hand.order if writes else secrets.token_hex(16)
    order = Order(
        key,
        hand.content,
        hand.name,
        hand.profile,
        hand.peek.sheet,
        hand.needed(),
        writes=writes,
        again=again,
    )
    jobs().start(site.current(), order, actor=actor, now=clock.now())
    if writes:
        hand.ordered = True
    else:
        hand.rehearsal, hand.rehearsed = key, hand.mapping


@feedback.left_to_the_page
def _back() -> None:
    """To the columns of the file; a stopped import is laid aside."""
    actor = acting(Permission.IMPORT_RUN)
    hand = import_file.in_hand()
    if hand is not None:
        jobs().lay_aside(actor.user_id, hand.order)
        hand.order, hand.ordered, hand.rehearsal = secrets.token_hex(16), False, ""


@feedback.left_to_the_page
def _next() -> None:
    actor = acting(Permission.IMPORT_RUN)
    done = jobs().import_of(actor.user_id)
    if done is not None:
        jobs().lay_aside(actor.user_id, done.key)
    import_file.put_away()
