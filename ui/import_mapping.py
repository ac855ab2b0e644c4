"""Step 2: what the columns of the file are; kept under a name for the next such file."""

import streamlit as st

from data_access import site
from data_access.commands.import_mappings import NAME_LONGEST, delete_mapping, save_mapping
from data_access.imports.headers import HEADER_WITHIN
from data_access.imports.outline import Outline, headers_of
from data_access.queries.import_mappings import SavedMapping
from domain.imports import FileMapping, MappingProblem, MappingRefused, Profile
from domain.people import Actor, Permission
from texts import gettext as _
from texts.imports import profile_name
from ui import clock, feedback, import_file, import_report, import_table
from ui.import_file import FileInHand
from ui.plain import plain
from ui.session import acting

_OWN = ""
_LONGEST_SHEET = 30


def show(hand: FileInHand, outlined: Outline, actor: Actor) -> None:
    """The file, how it is read, and its columns."""
    _show_file(hand)
    _show_choices(hand, actor)
    import_table.show_columns(hand, outlined)


def show_saving(hand: FileInHand, outlined: Outline, actor: Actor) -> None:
    """Save what was chosen under a name, or delete what is saved."""
    label = _("保存对照方案") if hand.saved is None else _("对照方案")
    with st.popover(label, icon=":material/bookmark:", key="import_saving"):
        st.text_input(
            _("名字"),
            key=_name_key(hand),
            value=hand.saved.name if hand.saved else "",
            max_chars=NAME_LONGEST,
            placeholder=_("如:安仁镇台账"),
        )
        with st.container(key="import_saving_messages"):
            feedback.show_refusal("import_saving")
        st.button(
            _("保存"),
            key="import_save",
            type="primary",
            on_click=_save,
            args=(headers_of(outlined),),
        )
        st.caption(_("全县导入的人都能选用;下次遇到同样的表头会自动选上。"))
        if hand.saved is not None and _may_change(hand.saved, actor):
            st.button(
                _("删除“{name}”").format(name=plain(hand.saved.name)),
                key="import_saved_delete",
                on_click=_delete,
            )


def put_away() -> None:
    """Back to step 1."""
    import_file.put_away()


def _show_file(hand: FileInHand) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="import_file_line"):
        import_report.show(
            [import_report.file(hand.name, len(hand.content), hand.peek)], key="import_file_name"
        )
        st.button(_("换一个文件"), key="import_drop", on_click=_dropped)


def _show_choices(hand: FileInHand, actor: Actor) -> None:
    """Kind, sheet, header row and saved mapping: each is told by the file and can be corrected."""
    key = f"_{hand.order}_{hand.stamp}"
    with st.container(horizontal=True, vertical_alignment="bottom", key="import_choices"):
        st.selectbox(
            _("种类"),
            list(Profile),
            index=list(Profile).index(hand.profile),
            format_func=profile_name,
            key=f"import_profile{key}",
            width=200,
            on_change=_choose_kind,
            args=(f"import_profile{key}",),
        )
        if len(hand.peek.sheets) > 1:
            st.selectbox(
                _("工作表"),
                range(1, len(hand.peek.sheets) + 1),
                index=hand.peek.sheet - 1,
                format_func=lambda number: hand.peek.sheets[number - 1].name[:_LONGEST_SHEET],
                key=f"import_sheet{key}",
                width=240,
                on_change=_turn,
                args=(f"import_sheet{key}",),
            )
        numbers = [number for number, _cells in hand.rows[:HEADER_WITHIN]]
        st.selectbox(
            _("表头在第几行"),
            numbers,
            index=numbers.index(hand.header_row),
            key=f"import_header_row{key}",
            width=140,
            on_change=_choose_header,
            args=(f"import_header_row{key}",),
        )
        _offer_saved(hand, actor, f"import_saved{key}")


def _offer_saved(hand: FileInHand, actor: Actor, key: str) -> None:
    saved = import_file.saved_mappings(actor.scope(Permission.IMPORT_RUN))
    names = {one.name: one for one in saved}
    if not names:
        return
    offered = [_OWN, *names]
    chosen = hand.saved.name if hand.saved else _OWN
    st.selectbox(
        _("用保存过的对照方案"),
        offered,
        index=offered.index(chosen) if chosen in offered else 0,
        format_func=lambda name: name or _("不用"),
        key=key,
        width=260,
        on_change=_use,
        args=(key,),
    )


def _name_key(hand: FileInHand) -> str:
    return f"import_saved_name_{hand.order}_{hand.stamp}"


def _may_change(saved: SavedMapping, actor: Actor) -> bool:
    return saved.actor_id == actor.user_id or actor.scope(Permission.IMPORT_RUN).whole_county


@feedback.left_to_the_page
def _dropped() -> None:
    acting(Permission.IMPORT_RUN)
    put_away()


def _choose_kind(key: str) -> None:
    with feedback.refusals_kept("import_mapping"):
        acting(Permission.IMPORT_RUN)
        hand = import_file.in_hand()
        if hand is not None:
            import_file.judge_anew(hand, st.session_state[key], None)


def _choose_header(key: str) -> None:
    with feedback.refusals_kept("import_mapping"):
        acting(Permission.IMPORT_RUN)
        hand = import_file.in_hand()
        if hand is not None:
            import_file.judge_anew(hand, hand.profile, st.session_state[key])


def _turn(key: str) -> None:
    with feedback.refusals_kept("import_mapping"):
        scope = acting(Permission.IMPORT_RUN).scope(Permission.IMPORT_RUN)
        hand = import_file.in_hand()
        if hand is not None:
            import_file.turn_to_sheet(hand, st.session_state[key], scope)


def _use(key: str) -> None:
    with feedback.refusals_kept("import_mapping"):
        scope = acting(Permission.IMPORT_RUN).scope(Permission.IMPORT_RUN)
        hand, name = import_file.in_hand(), st.session_state[key]
        saved = {one.name: one for one in import_file.saved_mappings(scope)}
        if hand is None:
            return
        if name and name not in saved:
            raise MappingRefused(MappingProblem.GONE)
        import_file.use_saved(hand, saved.get(name))


def _save(headers: dict[str, str]) -> None:
    with feedback.refusals_kept("import_saving"):
        actor = acting(Permission.IMPORT_RUN)
        hand = import_file.in_hand()
        if hand is None:
            return
        name = " ".join(st.session_state.get(_name_key(hand), "").split())
        same = hand.saved is not None and hand.saved.name == name
        hand.saved = save_mapping(
            site.current().db,
            name=name,
            profile=hand.profile,
            mapping=FileMapping(headers, hand.mapping.codes, hand.mapping.places),
            expected_version=hand.saved.version if same and hand.saved else None,
            actor=actor,
            now=clock.now(),
        )
        hand.stamp += 1
        feedback.tell(_("已保存“{name}”").format(name=name))


def _delete() -> None:
    with feedback.refusals_kept("import_saving"):
        actor = acting(Permission.IMPORT_RUN)
        hand = import_file.in_hand()
        if hand is None or hand.saved is None:
            return
        delete_mapping(
            site.current().db,
            mapping_id=hand.saved.mapping_id,
            expected_version=hand.saved.version,
            actor=actor,
            now=clock.now(),
        )
        feedback.tell(_("已删除“{name}”").format(name=hand.saved.name))
        hand.saved = None
        hand.stamp += 1
