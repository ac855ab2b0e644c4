"""Step 1: a file is chosen. What was uploaded is only looked at."""

import json

import streamlit as st

from data_access import site
from data_access.queries.import_runs import running_import
from data_access.settings import ROOT
from domain.people import Actor, Permission
from texts import gettext as _
from texts.imports import progress_sentence
from ui import clock, feedback, frame, import_file, import_report
from ui.session import acting

_SAMPLE = ROOT / "docs" / "samples" / "cases_with_errors.xlsx"


def show(actor: Actor) -> None:
    """The place for a file, tables to fill in, and who else is importing."""
    # A used uploader keeps its file: the next one has another name.
    key = f"import_upload_{st.session_state.setdefault('import_uploads', 0)}"
    _speak_for_the_uploader()
    with st.container(key="import_upload"):
        st.file_uploader(
            _("把表格拖到下面的框里,或点按钮选择"),
            max_upload_size=import_file.MEGABYTES,
            key=key,
            on_change=_uploaded,
            args=(key,),
        )
    feedback.show_refusal("import_file")
    blocks = [
        import_report.text(
            _("文件只在服务器内存里,导入、放弃或关闭本页后即清除,不存盘。"),
        ),
        import_report.empty_tables(),
    ]
    if others := _somebody_else(actor):
        blocks.append(import_report.text(others, "warn"))
    import_report.show(blocks, key="import_hints")
    if frame.is_demo(actor) and _SAMPLE.exists():
        st.button(_("用演示文件试一试"), key="import_sample", on_click=_sample)


def _speak_for_the_uploader() -> None:
    """Its own words for button, hint and error, which the style of the page puts in their place."""
    words = {
        "choose-file": _("选择文件"),
        "file-kinds": _("XLSX、XLS、ODS、CSV,最大 {size} MB").format(size=import_file.MEGABYTES),
        "not-uploaded": _("没有上传:文件超过 {size} MB,或连接中断。请再试,或拆成几个文件。").format(
            size=import_file.MEGABYTES
        ),
    }
    # A CSS string is written as a JSON one.
    said = (f"--wusong-{name}: {json.dumps(w, ensure_ascii=False)};" for name, w in words.items())
    st.html(f"<style>:root {{ {' '.join(said)} }}</style>")


def _uploaded(key: str) -> None:
    with feedback.refusals_kept("import_file"):
        scope = acting(Permission.IMPORT_RUN).scope(Permission.IMPORT_RUN)
        taken = import_file.taken_out(st.session_state.get(key))
        if taken is not None:
            st.session_state["import_uploads"] += 1
            name, content = taken
            import_file.open_file(content, name, scope)


def _sample() -> None:
    with feedback.refusals_kept("import_file"):
        scope = acting(Permission.IMPORT_RUN).scope(Permission.IMPORT_RUN)
        import_file.open_file(_SAMPLE.read_bytes(), _SAMPLE.name, scope)


def _somebody_else(actor: Actor) -> str:
    scope = actor.scope(Permission.IMPORT_RUN)
    with site.current().db.read() as session:
        running = running_import(session, scope=scope, now=clock.now())
    if running is None:
        return ""
    return _("有另一个文件正在导入({how_far}),您的会排在它后面。").format(
        how_far=progress_sentence(running.progress)
    )
