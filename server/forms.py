"""Reading the small forms of the server's own pages."""

from urllib.parse import parse_qsl

from starlette.requests import Request

_LONGEST_BODY = 16_384
_MOST_FIELDS = 20


class FormRefused(Exception):
    """The body is not one of our forms: too long, or of another kind."""


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a URL-encoded form; of a repeated one the first. Raises FormRefused.

    The body is read with a limit as it comes, because anybody may send one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise FormRefused
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise FormRefused
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError:
        raise FormRefused from None
    return dict(reversed(pairs))
