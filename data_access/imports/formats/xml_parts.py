"""Small parts of an archive, read for the names in them; a document type is refused."""

from collections.abc import Callable
from typing import IO
from xml.parsers import expat

from data_access.imports.formats.opened import Refused

Started = Callable[[str, dict[str, str]], None]


def document_parser() -> expat.XMLParserType:
    """A parser that refuses a document type, whatever encoding it hides in.

    Names come as their namespace, a blank, and the name itself.
    """
    made = expat.ParserCreate(namespace_separator=" ")
    made.StartDoctypeDeclHandler = _refuse
    made.buffer_text = True
    return made


def _refuse(*_declaration: object) -> None:
    raise Refused("suspicious")


def read_elements(stream: IO[bytes], started: Started) -> None:
    """Call for each element with its name, without namespace, and its attributes.

    Refuses what is not well formed.
    """
    reader = document_parser()
    reader.StartElementHandler = lambda name, said: started(name.rpartition(" ")[2], said)
    try:
        reader.ParseFile(stream)
    except expat.ExpatError:
        raise Refused("damaged") from None
