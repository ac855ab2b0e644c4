"""登记纠纷: at the window, and on a phone on the way through a grid."""

import streamlit as st

from domain.people import Permission
from texts import gettext as _
from ui import register
from ui.session import require

actor = require(Permission.CASE_REGISTER)
st.subheader(_("登记纠纷"))
with st.container(key="register_page", width=720):
    register.form(actor)
