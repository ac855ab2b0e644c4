"""What the audit trail records: domain/trail.py as a page."""

from docs.reference.markdown import code, page, section, table
from domain.trail import ACTIONS, AnchorProblem, Break, DeedGroup, Finding
from texts.trail import deed, group
from texts.verification import break_sentence, finding_sentence


def audit_actions_page() -> str:
    """Every action by the group that the trail's page looks for it in."""
    return page(
        "审计记录的事项",
        "每做一件事,审计链上多一条:谁、何时、从哪个网络地址、做了什么、对什么。"
        "记录里只有代码、编号和加密的摘要,没有当事人的姓名、电话这类个人信息。"
        "“事项”是审计页面上显示的,可以按下面的类别查找;“代码”是记录里存的。",
        *(section(group(one), _actions(one)) for one in DeedGroup),
        section(
            "核对能发现什么",
            "每一条都记着前一条的摘要,所以删、改、换都看得出来:",
            table(("代码", "说明"), [(code(one), break_sentence(one)) for one in Break]),
            "整条链一起重写,要靠锚定文件才看得出来:",
            table(("代码", "说明"), [(code(one), _found(one)) for one in AnchorProblem]),
        ),
    )


def _actions(one: DeedGroup) -> str:
    return table(("事项", "代码"), [(deed(action), code(action)) for action in ACTIONS[one]])


def _found(problem: AnchorProblem) -> str:
    return finding_sentence(Finding(problem, "…", 0)).replace(" 0 ", " N ", 1)
