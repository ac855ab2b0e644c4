"""Which language a page of the server speaks: ?lang=, kept along the way."""

from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit, urlunsplit

import texts


def speak(chosen: str | None, target: str = "/") -> None:
    """Use the language asked for, or the one of the page that is wanted, or Chinese."""
    of_target = parse_qs(urlsplit(target).query).get("lang", [None])[0]
    texts.use(chosen or of_target)


def of_referrer(referrer: str | None) -> str | None:
    """The language of the page that led here, which its address says; None for Chinese or none.

    A form of another page, or its link, need not know the language: the browser says where it was.
    """
    try:
        chosen = parse_qs(urlsplit(referrer or "").query).get("lang", [None])[0]
    except ValueError:
        return None
    return chosen if chosen in texts.LANGUAGES else None


def in_language(target: str, chosen: str | None) -> str:
    """The wanted page in the language that was chosen on the way to it; unchanged without one."""
    if chosen not in texts.LANGUAGES:
        return target
    parts = urlsplit(target)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "lang"]
    if chosen != "zh":
        query.append(("lang", chosen))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def other_language(path: str, **kept: str) -> tuple[str, str]:
    """The address of this page in the other language, and that language's code."""
    code = "zh" if texts.language() == "en" else "en"
    query = {name: value for name, value in kept.items() if value != "/"} | {"lang": code}
    return f"{path}?{urlencode(query, quote_via=quote)}", code
