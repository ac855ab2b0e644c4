"""The ASGI entry: `streamlit run app.py`, or `uvicorn app:app`. Screens, gate and routes in one."""

import streamlit as st
from starlette.middleware import Middleware

from server.gate import Gate
from server.lifespan import lifespan
from server.provider import secrets_of_st_login
from server.routes import ROUTES
from server.script_errors import on_script_error

app = st.App(
    "ui/entry/main.py",
    secrets=secrets_of_st_login(),
    routes=ROUTES,
    middleware=[Middleware(Gate)],
    lifespan=lifespan,
    on_script_error=on_script_error,
)
