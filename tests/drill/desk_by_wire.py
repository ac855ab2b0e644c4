"""A person at the desk without a screen: opens a case, chooses who takes it, and confirms.

What a browser sends and what it is shown, in Streamlit's own messages; nothing reaches past the
page to the product's commands.
"""

import json
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_FINISHED = {
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
}
_SECONDS = 20


class NotShown(Exception):
    """The page does not have what a person would have used."""


class DeskByWire:
    """One tab with the drawer of one case."""

    def __init__(self, tab, case_no):
        self._socket = tab._socket
        self._query = urlencode({"case": case_no})
        self._page_hash = ""
        self._drawn = {}  # widgets by their key, as drawn last
        self._fragment_of = {}  # the part of the page that a widget's key belongs to
        self._states = {}  # what was entered, by the widget's id
        self._said = []

    def fill_in(self, *, choose, note):
        """Open the form and choose whom `choose` picks out of the people offered.

        Returns that mediator's number. Nothing is asked of the county yet.
        """
        self._run()
        view = self._widget("drawer_view").button_group
        self._enter(view.id, string_array_value=[view.options[1].content])
        self._run(part="drawer_view")
        people = json.loads(self._widget("candidates").bidi_component.json)["people"]
        if not people:
            raise NotShown("candidates")
        chosen = choose([one["id"] for one in people])
        base = self._widget("candidates").bidi_component.id
        picked = json.dumps([{"event": "choose", "value": chosen}])
        trigger = f"$$STREAMLIT_INTERNAL_KEY_{base}__events"
        self._run(trigger, part="candidates", json_trigger_value=picked)
        reason = self._starting("reason_").selectbox
        self._enter(reason.id, string_value=reason.options[0])
        self._enter(self._starting("note_").text_area.id, string_value=note)
        return chosen

    def confirm(self):
        """Press the button; and again, where the answer was lost. Returns what the page said."""
        button = self._widget("reassign_submit").button
        self._run(button.id, part="reassign_submit", trigger_value=True)
        return " ".join(self._said)

    def _widget(self, key):
        try:
            return self._drawn[key]
        except KeyError:
            raise NotShown(key) from None

    def _starting(self, beginning):
        return self._widget(next((key for key in self._drawn if key.startswith(beginning)), ""))

    def _enter(self, widget_id, **value):
        self._states[widget_id] = value

    def _run(self, trigger="", *, part="", **value):
        """Ask for a run with all that was entered, and one trigger; read until it has finished.

        `part` is a widget's key: only the fragment that it belongs to runs, as after a click on it.
        """
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = self._query
        rerun.page_script_hash = self._page_hash
        rerun.page_name = "" if self._page_hash else "queue"
        rerun.fragment_id = self._fragment_of.get(part, "")
        for widget_id, entered in [*self._states.items(), *([(trigger, value)] if trigger else [])]:
            state = rerun.widget_states.widgets.add()
            state.id = widget_id
            for kind, content in entered.items():
                if isinstance(content, list):
                    getattr(state, kind).data.extend(content)
                else:
                    setattr(state, kind, content)
        self._said = []
        self._socket.send(message.SerializeToString())
        while not self._note(self._socket.recv(timeout=_SECONDS)):
            pass

    def _note(self, frame):
        message = ForwardMsg()
        message.ParseFromString(frame)
        match message.WhichOneof("type"):
            case "new_session":
                self._page_hash = message.new_session.page_script_hash
            case "delta" if message.delta.WhichOneof("type") == "new_element":
                self._see(message.delta.new_element, message.delta.fragment_id)
            case "script_finished":
                return message.script_finished in _FINISHED
        return False

    def _see(self, element, fragment):
        kind = element.WhichOneof("type")
        if kind in {"toast", "alert"}:
            self._said.append(getattr(element, kind).body)
        widget_id = getattr(getattr(element, kind), "id", "")
        if widget_id.startswith("$$ID-"):
            key = widget_id.split("-", 2)[2]
            self._drawn[key], self._fragment_of[key] = element, fragment
