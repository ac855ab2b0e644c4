"""/setup: the first administrators of an empty site, confirmed by the code in the terminal."""

from anyio import to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from data_access import site
from data_access.commands.people import NewAccount
from data_access.commands.setup import (
    THREE_ADMINISTRATORS,
    Beginner,
    create_first_administrator,
    create_three_administrators,
)
from domain.errors import Invalid, NotAllowed, SignInRefused
from domain.people import AccountProblem
from server.arrival import Arrival
from server.clock import now
from server.forms import FormRefused, read_form
from server.language import in_language, other_language, speak
from server.pages import page
from texts.people import account_problem, sign_in_refused
from texts.words import word

_SITE = ("code", "county_name", "county_code")
_ONE = ("login", "name")
_THREE = tuple(f"{role}_{field}" for role in THREE_ADMINISTRATORS for field in _ONE)


class SetUp(HTTPEndpoint):
    """The form that an empty site begins with; gone for good once somebody can sign in."""

    async def get(self, request: Request) -> Response:
        """The empty form."""
        chosen = request.query_params.get("lang")
        speak(chosen)
        if (await to_thread.run_sync(site.current().front)).has_users:
            return RedirectResponse(in_language("/signin", chosen), 303)
        return await _form({})

    async def post(self, request: Request) -> Response:
        """Create county and administrator, then on to signing in."""
        try:
            entered = await read_form(request)
        except FormRefused:
            return PlainTextResponse("not a set-up form\n", 400)
        speak(entered.get("lang"))
        arrival: Arrival = request.scope["wusong.arrival"]
        if entered.get("password", "") != entered.get("repeated", ""):
            return await _form(entered, {"repeated": AccountProblem.NOT_REPEATED})
        try:
            made = await to_thread.run_sync(_create, entered, arrival.address)
        except Invalid as refusal:
            return await _form(entered, _of_account(refusal))
        except SignInRefused as refusal:
            return await _form(entered, {}, sign_in_refused(refusal, now=now()))
        except NotAllowed:
            made = []  # Somebody was faster: the sign-in form is what is left to show.
        to_sign_in = in_language("/signin", entered.get("lang"))
        if made:
            return _told_once(made, to_sign_in)
        return RedirectResponse(to_sign_in, 303)


def _create(entered: dict[str, str], address: str) -> list[NewAccount]:
    """Create them. Returns the accounts whose one-time passwords are to be told."""
    here = site.current()
    given = {name: entered.get(name, "").strip() for name in _SITE}
    given |= {"password": entered.get("password", ""), "address": address}
    if here.settings.three_roles:
        beginners = [
            Beginner(role, *(entered.get(f"{role}_{field}", "").strip() for field in _ONE))
            for role in THREE_ADMINISTRATORS
        ]
        made = create_three_administrators(here.db, administrators=beginners, now=now(), **given)
    else:
        one = {field: entered.get(field, "").strip() for field in _ONE}
        create_first_administrator(here.db, now=now(), **one, **given)
        made = []
    here.watcher.look()
    return made


def _told_once(made: list[NewAccount], to_sign_in: str) -> Response:
    """The one-time passwords, on a page that no cache keeps and no second request gets."""
    rows = zip(THREE_ADMINISTRATORS[1:], made, strict=True)
    told = [(word(role), account.login, account.password) for role, account in rows]
    return page("set_up_done.html", made=told, sign_in=to_sign_in)


def _of_account(refusal: Invalid) -> dict[str, AccountProblem]:
    return {
        field: problem
        for field, problem in refusal.problems.items()
        if isinstance(problem, AccountProblem)
    }


def _three_administrators() -> list[tuple[str, str]]:
    """Role and its word, for the form of a site that keeps them apart; empty for any other."""
    if not site.current().settings.three_roles:
        return []
    return [(role.value, word(role)) for role in THREE_ADMINISTRATORS]


async def _form(
    entered: dict[str, str], problems: dict[str, AccountProblem] | None = None, trouble: str = ""
) -> Response:
    front = await to_thread.run_sync(site.current().front)
    return page(
        "setup.html",
        status=422 if problems or trouble else 200,
        county_name=front.county_name,
        three=_three_administrators(),
        entered={name: entered.get(name, "")[:200] for name in (*_SITE, *_ONE, *_THREE)},
        problems={field: account_problem(problem) for field, problem in (problems or {}).items()},
        trouble=trouble,
        switch=other_language("/setup"),
    )
