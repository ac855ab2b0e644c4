"""改派台: cases are tried on other shoulders, seen before and after, committed and taken back."""

import streamlit as st

from domain.balancing.proposing import BUDGET
from domain.people import Permission
from ui import (
    batch_list,
    clock,
    sandbox_ask,
    sandbox_by_hand,
    sandbox_commit,
    sandbox_figures,
    sandbox_order,
    sandbox_plan,
    sandbox_put,
    sandbox_state,
)
from ui.session import require

actor = require(Permission.CASE_REASSIGN)
now = clock.now()

st.session_state.setdefault("sandbox_mode", sandbox_ask.MODES[0])
st.session_state.setdefault("sandbox_budget", BUDGET)
box = sandbox_ask.read(actor, sandbox_state.sandbox(), now)
sandbox_put.show(actor)
sandbox_commit.show_refused()
if box.planning is not None:
    if not sandbox_ask.show(box):
        sandbox_order.show(box.planning, now)
    else:
        sandbox_figures.live_warning()
        sandbox_by_hand.show_refused()
        if box.plan is not None:
            sandbox_figures.show(box)
            sandbox_ask.show_frontier(box)
            sandbox_plan.show(box.planning, box.plan, now=now, on_strike=sandbox_by_hand.on_strike)
        sandbox_figures.show_stays(box)
        sandbox_by_hand.show(box)
        sandbox_commit.show(box)
batch_list.live_list()
