"""Tables of weights in words: what a case counts by what it is, item by item."""

from collections.abc import Mapping

from domain.cases import OPEN_STAGES, Difficulty
from domain.loads import STANDARD_PEOPLE, UNCHANGED, WeightTable
from texts.catalog import gettext as _
from texts.loads import points_text
from texts.words import word

_GROUP_OF_PEOPLE = 10  # the number that a group's factor is told by


def factor_text(hundredths: int) -> str:
    """×1.25."""
    return f"×{hundredths / UNCHANGED:.2f}"


def table_lines(table: WeightTable, type_names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a table of weights sets, item by item; factors that change nothing are not told."""
    by_difficulty = (f"{word(one)} {points_text(table.by_difficulty[one])}" for one in Difficulty)
    lines = [(_("难易程度(标准案)"), _("、").join(by_difficulty))]
    types = [
        f"{type_names.get(code, code)} {factor_text(factor)}"
        for code, factor in sorted(table.by_type.items())
        if factor != UNCHANGED
    ]
    stages = [
        f"{word(stage)} {factor_text(table.by_stage[stage])}"
        for stage in OPEN_STAGES
        if table.by_stage.get(stage, UNCHANGED) != UNCHANGED
    ]
    lines += [(_("纠纷类型"), _("、").join(types))] if types else []
    lines += [(_("环节"), _("、").join(stages))] if stages else []
    if table.people_exponent:
        power = table.people_exponent / UNCHANGED
        group = round((_GROUP_OF_PEOPLE / STANDARD_PEOPLE) ** power * UNCHANGED)
        said = _("(人数÷2)的 {power:.2f} 次方,{people} 人 {factor}").format(
            power=power, people=_GROUP_OF_PEOPLE, factor=factor_text(group)
        )
        lines.append((_("涉及人数"), said))
    for name, factor in ((_("跨镇街"), table.cross_town), (_("反复发生"), table.repeated)):
        lines += [(name, factor_text(factor))] if factor != UNCHANGED else []
    return lines


def table_text(table: WeightTable, type_names: Mapping[str, str]) -> str:
    """The same in one sentence."""
    lines = table_lines(table, type_names)
    return _(";").join(_("{name}:{said}").format(name=name, said=said) for name, said in lines)
