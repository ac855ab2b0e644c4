"""The environment variables: data_access/settings.py as a page."""

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from data_access.settings import ROOT, Settings
from docs.reference.markdown import code, page, table


def settings_page() -> str:
    """Each setting with its default and its meaning."""
    return page(
        "设置",
        "设置都是环境变量,没有配置文件。下面是全部设置;不写的用默认值,拼错名字的不起作用。"
        "服务和命令行读同样的设置,所以两边要一致。改了设置要重新启动服务。",
        table(
            ("变量", "默认", "含义"),
            [
                (code(name.upper()), _default(field), field.description or "")
                for name, field in Settings.model_fields.items()
            ],
        ),
    )


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if isinstance(value, bool):
        return code(str(int(value)))
    if isinstance(value, Path):
        return code(f"{value.relative_to(ROOT)}/" if value.is_relative_to(ROOT) else str(value))
    return code(str(value)) if value not in (None, "") else "空"
