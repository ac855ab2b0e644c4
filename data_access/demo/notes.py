"""What people write beside a step: reasons in the words of the trade, and of nobody at all."""

from domain.cases import ReassignReason
from domain.transitions import Action, Decision

ON_THE_SPOT = (
    "网格员当场劝说，双方握手言和",
    "现场查看后说清事实，双方口头约定并已照办",
    "巡查中发现，当场劝解，双方表示不再追究",
    "邀楼栋长一同劝解，双方达成口头约定",
)
REASONS = {
    ReassignReason.FIRST_ASSIGNMENT: ("按专长和在办数量指派",),
    ReassignReason.ABSENCE: ("原承办人请假，期间案件移交办理", "外出培训，为不耽误期限改派"),
    ReassignReason.OVERLOAD: ("在办案件较多，均衡分担", "近期集中收案，分流办理"),
    ReassignReason.RECUSAL: ("承办人申明与当事人有亲友关系，主动回避",),
    ReassignReason.SPECIALITY: ("案情需要熟悉该领域的调解员", "涉及专业问题，转有专长的同志"),
    ReassignReason.PARTY_CHOICE: ("双方当事人共同选定调解员",),
    ReassignReason.OVERDUE: ("超期未结，另行安排人员加快办理",),
    ReassignReason.LEFT_POST: ("原承办人离岗，案件移交",),
}
STEPS: dict[Action, tuple[str, ...]] = {
    Action.REFUSE_SCOPE: (
        "属行政复议事项，已告知申请途径",
        "法院已受理同一纠纷，不再重复受理",
        "不在本县辖区，已告知向属地申请",
    ),
    Action.SEND_BACK: (
        "涉及专业赔偿标准，建议另行指派",
        "当事人主要在外镇居住，建议就近指派",
        "受理登记的对方主体有误，退回核实",
    ),
    Action.FOLLOW_UP: (
        "电话回访，双方均表示已照协议办妥",
        "上门回访，矛盾未再反复",
        "当面回访双方，无新诉求",
        "入户回访，邻里往来已恢复正常",
    ),
    Action.FAIL: (
        "两次调解，赔偿数额差距过大",
        "双方对事实各执一词，无法达成一致",
        "调解期限届满，一方仍要求再考虑",
    ),
    Action.PARTY_REFUSES: (
        "被申请人明确表示不接受调解",
        "一方表示要直接起诉，不同意调解",
    ),
    Action.WITHDRAW: ("双方自行和解，申请人撤回申请", "经亲友劝和，当事人不再要求调解"),
    Action.DEFAULTED: (
        "约定期限已过，多次督促仍未支付",
        "只支付一部分，余款拒绝支付",
        "义务人外出失联，未按协议履行",
    ),
    Action.HAND_OVER: (
        "已交网上立案材料清单，由当事人自行起诉",
        "已引导至有权处理的机构并附调解记录",
    ),
    Action.ARCHIVE: ("权利已告知，材料齐全，归档", "受移交单位已签收，归档"),
    Action.REFER_TO_POLICE: (
        "发现有殴打致伤情节，移送派出所处理",
        "涉嫌诈骗，已向公安机关报告并移送",
    ),
    Action.MERGE: ("同一纠纷经两个渠道登记，并入先登记的一件",),
    Action.UNMERGE: ("核对后另有一处争议，分开办理",),
    Action.PARK: (
        "等待伤残鉴定结论，双方同意暂缓",
        "一方外出务工，约定返乡后继续",
        "等待房屋质量检测报告",
        "涉及规划调整，待主管部门答复",
    ),
    Action.RESUME: ("鉴定结论已出具，恢复办理", "当事人已返乡，恢复办理", "已收到答复，恢复办理"),
    Action.ASK_EXTENSION: (
        "需再作一次现场勘查，申请延期",
        "对方委托律师，尚需阅看材料",
        "当事人出差，下周方能到场",
    ),
    Action.REFUSE_EXTENSION: ("事实已清楚，应在期限内办结", "理由不充分，请抓紧安排调解"),
    Action.SUPERVISE: (
        "超期未结，请说明原因并限期办结",
        "多次催办仍无进展，予以督办",
        "群众反映强烈，挂牌督办",
    ),
    Action.END_SUPERVISION: ("已按要求推进，解除督办",),
    Action.REOPEN: ("回访后发现矛盾反复，重新办理", "一方反悔并再次来访，重新办理"),
}
ACKNOWLEDGED = (
    "已电话通知属地值班领导，要求到场",
    "已通知派出所和镇街到场处置",
    "已报中心值班领导，安排专人跟进",
)
MEASURES = (
    "已派人到场劝离，双方分开安置，专人值守",
    "公安、司法、镇街到场联合处置，情绪已平复",
    "启动联席会商，责任领导包案，逐日报告",
)
CONFIRMED = ("法院裁定协议有效，按约定履行",)
NOT_CONFIRMED = {
    "双方撤回司法确认申请，按约定履行": Decision.WITHDRAWN,
    "法院裁定驳回申请，双方仍愿照协议履行": Decision.REJECTED,
    "法院对申请不予受理，双方仍愿照协议履行": Decision.NOT_ACCEPTED,
}
