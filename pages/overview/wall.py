"""大屏: one scene after another, read from five metres, honest about its own age."""

import streamlit as st

from domain.people import Permission
from ui import clock, elements, live, wall_screen
from ui.session import require

require(Permission.FIGURES_READ)
st.html(f"<style>{elements.style('wall_page.css')}</style>")


@live.part
def live_wall() -> None:
    """Read and show again and again: from memory unless something changed."""
    actor, now = require(Permission.FIGURES_READ), clock.now()
    wall_screen.draw(actor, now)


live_wall()
