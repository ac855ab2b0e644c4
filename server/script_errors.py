"""What happens when a screen's script fails: a line in the log, and a calm sentence on the page."""

import secrets

import streamlit as st
import structlog

from server.journal import where
from texts import gettext as _

log = structlog.get_logger(__name__)


def new_reference() -> str:
    """A short random number that a person can read out and an administrator can look up."""
    return secrets.token_hex(4).upper()


def on_script_error(error: Exception) -> bool:
    """Log where it happened, tell the person a reference number, and hide everything else."""
    reference = new_reference()
    log.error("script.failed", reference=reference, trace=where(error))
    st.error(
        _(
            "这里出了一个意外的错误。请刷新页面,看清刚才的操作办成没有,再决定要不要重做;"
            "仍不行,请把编号 {reference} 告诉系统管理员。"
        ).format(reference=reference)
    )
    return True
