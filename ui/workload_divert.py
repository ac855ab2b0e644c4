"""From a mediator's row to the sandbox: what they hold is put in, for whoever may move it."""

from datetime import datetime

import streamlit as st

from domain.batches import MOST_MOVES
from domain.people import Actor, Permission
from texts import gettext as _
from ui import clock, feedback, sandbox_reads
from ui.queue_marks import SANDBOX
from ui.session import acting

# What the databases hold as an id; a larger number would be an error there.
_LARGEST_ID = 2**31 - 1


@feedback.left_to_the_page
def on_divert() -> None:
    """The cases of the person whose row was clicked, as far as they are in reach, are put in."""
    actor = acting(Permission.CASE_REASSIGN)
    if not put_in(actor, st.session_state["workload_list"]["divert"], clock.now()):
        feedback.tell(_("没有可以分流的案件:都不在您可以改派的范围内。"))


def put_in(actor: Actor, wanted: object, now: datetime) -> bool:
    """Put in what `wanted`, a mediator's id, holds; False where nothing of it is in reach.

    What is no id puts nothing in: anybody can write to a socket.
    """
    if type(wanted) is not int or not 0 < wanted <= _LARGEST_ID:
        return False
    found = sandbox_reads.held_by(actor, wanted, now, MOST_MOVES)
    if found:
        st.session_state[SANDBOX] = found
    return bool(found)
