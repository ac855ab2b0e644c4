"""导入: a file is chosen, its columns are understood, it is tried, and taken in."""

import streamlit as st

from data_access import site
from data_access.queries import imports
from domain.people import Permission
from texts import gettext as _
from ui import (
    clock,
    elements,
    feedback,
    import_choose,
    import_file,
    import_mapping,
    import_report,
    import_run,
)
from ui.import_jobs import jobs
from ui.session import acting, require

actor = require(Permission.IMPORT_RUN)
st.html(f"<style>{elements.style('imports_page.css')}</style>")
feedback.show_told()
hand = import_run.settled(import_file.in_hand(), actor)
at_work = jobs().import_of(actor.user_id)
rehearsal = import_run.rehearsal(hand, actor) if hand is not None else None


@feedback.left_to_the_page
def more() -> None:
    """Older files too."""
    acting(Permission.IMPORT_RUN)
    st.session_state["import_history"] = st.session_state.get("import_history", 1) + 1


def show_history() -> None:
    """The files that were taken before."""
    scope = actor.scope(Permission.IMPORT_RUN)
    limit = imports.PAGE_SIZE * st.session_state.get("import_history", 1)
    with site.current().db.read() as session:
        found = imports.batches(session, scope=scope, actor_id=actor.user_id, limit=limit)
    import_report.show(import_report.history(found, now=clock.now()), key="import_history_table")
    if len(found) == limit:
        st.button(_("更早的"), key="import_more", on_click=more)


def show_steps(now: int) -> None:
    """Where on the way the person is."""
    import_report.show([import_report.steps(now)], key="import_steps")


if at_work is not None and not at_work.over:
    show_steps(3)
    import_run.show_waiting(at_work)
elif at_work is not None:
    show_steps(4 if at_work.report else 3)
    import_run.show_end(at_work, hand)
    show_history()
elif hand is None:
    show_steps(0)
    import_choose.show(actor)
    show_history()
elif rehearsal is not None and not rehearsal.over:
    show_steps(2)
    import_run.show_waiting(rehearsal)
elif rehearsal is not None and rehearsal.report is not None:
    show_steps(2)
    import_run.show_rehearsed(hand, rehearsal.report, actor)
    with st.container(horizontal=True, vertical_alignment="center", key="import_actions"):
        import_run.show_actions(hand, rehearsal.report)
        import_mapping.show_saving(hand, hand.outline(), actor)
else:
    show_steps(1)
    outlined = hand.outline()
    import_mapping.show(hand, outlined, actor)
    if rehearsal is not None:
        import_run.show_stopped(rehearsal)
    feedback.show_refusal("import_mapping")
    with st.container(horizontal=True, vertical_alignment="center", key="import_actions"):
        import_run.show_actions(hand, None)
        import_mapping.show_saving(hand, outlined, actor)
        line = import_report.columns_line(outlined, hand.other_header_row())
        import_report.show([line], key="import_columns_line")
