"""What a dispute category is called where it stands alone."""

from texts.catalog import gettext as _
from texts.catalog import language

_REST = "99"


def type_name(*, code: str, name_zh: str, name_en: str, group_zh: str, group_en: str) -> str:
    """The category's name in the language in use; the rest of a group is named after its group.

    GB/T 31000-2015 table 91 calls every code that ends in 99 just 其他, which tells nobody what the
    dispute is about.
    """
    chinese = language() == "zh"
    name, group = (name_zh, group_zh) if chinese else (name_en, group_en)
    if code.endswith(_REST) and code != _REST:
        return _("{group}(其他)").format(group=group)
    return name
