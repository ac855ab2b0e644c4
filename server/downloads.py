"""/files/…: what people take with them as a file. Each is made for who asks, and kept nowhere."""

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from data_access import site
from data_access.commands.import_file import take_rejects
from data_access.imports.codes import load_code_lists
from data_access.imports.rejects import rejects_as_csv
from data_access.imports.workbooks import (
    MOST_ROWS,
    empty_table,
    empty_table_as_csv,
    rejects_as_workbook,
)
from data_access.queries import imports
from domain.errors import NotAllowed, NotFound, SessionEnded
from domain.imports import FileMapping, Profile
from domain.people import Actor, Permission
from server.arrival import Arrival
from server.clock import now
from server.language import of_referrer, speak
from server.pages import page
from texts import gettext as _
from texts.imports import profile_name

_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A file of a hundred thousand rows is made for one person at a time.
_AT_ONCE = 1
# Digits that always fit 64 bits with a sign.
_LONGEST_NUMBER = 18

_places: list[CapacityLimiter] = []


class Rejects(HTTPEndpoint):
    """The rows of a batch that were sent back: for the importer and the county's administrator."""

    async def get(self, request: Request) -> Response:
        """The file, as ?as=xlsx or csv; the taking is recorded, so nobody else may set it off."""
        speak(of_referrer(request.headers.get("referer")))
        if not _asked_from_here(request):
            return _notice(403, _("请从“导入”页面下载。"))
        if not _places:
            _places.append(CapacityLimiter(_AT_ONCE))
        kind = request.query_params.get("as", "xlsx")
        try:
            batch = _number(request.path_params["batch"])
            content = await to_thread.run_sync(_rejects, request, batch, kind, limiter=_places[0])
        except (NotAllowed, SessionEnded):
            return _notice(403, _("您的岗位不能下载这个文件。"))
        except NotFound:
            return _notice(404, _("没有这个文件:这一批没有退回的行,或保存的期限已过。"))
        if content is None:
            return _notice(413, _("行数太多,请改用 CSV 下载。"))
        return _attachment(content, _("退回的行-第{batch}批").format(batch=batch), kind)


class EmptyTable(HTTPEndpoint):
    """A table to fill in, for each kind of file."""

    async def get(self, request: Request) -> Response:
        """The file, as ?as=xlsx or csv, for whoever may import."""
        speak(of_referrer(request.headers.get("referer")))
        try:
            profile = Profile(request.path_params["profile"])
            content = await to_thread.run_sync(
                _empty_table, request, profile, request.query_params.get("as", "xlsx")
            )
        except (NotAllowed, SessionEnded):
            return _notice(403, _("您的岗位不能下载这个文件。"))
        except ValueError:
            return _notice(404, _("没有这个文件。"))
        name = _("空表-{kind}").format(kind=profile_name(profile))
        return _attachment(content, name, request.query_params.get("as", "xlsx"))


def _number(typed: str) -> int:
    """A batch's number out of an address. Raises NotFound for what no database could number so."""
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= _LONGEST_NUMBER):
        raise NotFound("import")
    return int(typed)


def _asked_from_here(request: Request) -> bool:
    """Whether a page of this site led here: another one must not write into somebody's trail.

    Browsers say so in Sec-Fetch-Site, but over plain http to another machine only in the referrer.
    """
    arrival: Arrival = request.scope["wusong.arrival"]
    if arrival.fetch_site is not None:
        return arrival.fetch_site == "same-origin"
    try:
        led = urlsplit(request.headers.get("referer", "")).netloc
    except ValueError:
        return False
    return led.lower() == arrival.host.lower() != ""


def _rejects(request: Request, batch: int, kind: str) -> bytes | None:
    """The file's bytes; None for a workbook of too many rows, of which none is then taken."""
    moment, db = now(), site.current().db
    actor = _actor(request, moment)
    scope = actor.scope(Permission.IMPORT_RUN)
    with db.read() as session:
        about = imports.batch(session, scope=scope, actor_id=actor.user_id, batch_id=batch)
    if kind != "csv" and about.rejected > MOST_ROWS:
        return None
    rows = take_rejects(db, batch_id=batch, actor=actor, now=moment)
    site.current().watcher.look()
    return rejects_as_csv(rows).encode("utf-8-sig") if kind == "csv" else rejects_as_workbook(rows)


def _empty_table(request: Request, profile: Profile, kind: str) -> bytes:
    _actor(request, now()).scope(Permission.IMPORT_RUN)
    if kind == "csv":
        return empty_table_as_csv(profile).encode("utf-8-sig")
    with site.current().db.read() as session:
        lists = load_code_lists(session, FileMapping())
    return empty_table(profile, lists)


def _actor(request: Request, moment: datetime) -> Actor:
    """The person that the gate let in, with what they may do now. Raises SessionEnded."""
    visitor = request.scope["wusong.visitor"]
    if visitor is None:
        raise SessionEnded
    arrival: Arrival = request.scope["wusong.arrival"]
    actor = site.current().registry.actor(visitor.session_id, moment)
    return replace(actor, address=arrival.address)


def _attachment(content: bytes, name: str, kind: str) -> Response:
    """A file that a browser saves and never opens in place (RFC 6266, RFC 8187)."""
    ending = "csv" if kind == "csv" else "xlsx"
    return Response(
        content,
        media_type=_CSV if ending == "csv" else _XLSX,
        headers={
            "content-disposition": (
                f"attachment; filename=\"file.{ending}\"; filename*=UTF-8''"
                + quote(f"{name}.{ending}", safe="")
            ),
            "cache-control": "no-store",
        },
    )


def _notice(status: int, sentence: str) -> Response:
    return page("notice.html", status=status, sentence=sentence)
