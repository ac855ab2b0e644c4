"""The glossary says what the screens say."""

from pathlib import Path

import pytest

from domain.cases import Difficulty, Lamp, ReassignReason, Stage
from domain.organisation import PartyRole
from domain.people import Role
from texts.words import LAMP_SHAPES, word

GLOSSARY = (Path(__file__).parents[2] / "docs/glossary.md").read_text("utf-8")


@pytest.mark.parametrize("kind", [Stage, Lamp, Difficulty, PartyRole, ReassignReason, Role])
def test_every_word_of_the_field_is_explained(kind):
    assert [word(member) for member in kind if word(member) not in GLOSSARY] == []


def test_lamps_are_shown_with_their_shapes():
    shown = [lamp for lamp in Lamp if lamp is not Lamp.CLOSED]
    assert [lamp for lamp in shown if f"{word(lamp)} {LAMP_SHAPES[lamp]}" not in GLOSSARY] == []
