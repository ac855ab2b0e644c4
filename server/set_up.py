"""/setup: the first administrator of an empty site, confirmed by the code in the terminal."""

from anyio import to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from data_access import site
from data_access.commands.setup import create_first_administrator
from domain.errors import Invalid, NotAllowed, SignInRefused
from domain.people import AccountProblem
from server.arrival import Arrival
from server.clock import now
from server.forms import FormRefused, read_form
from server.language import in_language, other_language, speak
from server.pages import page
from texts.people import account_problem, sign_in_refused

_KEPT = ("code", "county_name", "county_code", "login", "name")


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
            await to_thread.run_sync(_create, entered, arrival.address)
        except Invalid as refusal:
            return await _form(entered, _of_account(refusal))
        except SignInRefused as refusal:
            return await _form(entered, {}, sign_in_refused(refusal, now=now()))
        except NotAllowed:
            pass  # Somebody was faster: the sign-in form is what is left to show.
        return RedirectResponse(in_language("/signin", entered.get("lang")), 303)


def _create(entered: dict[str, str], address: str) -> None:
    here = site.current()
    create_first_administrator(
        here.db,
        **{name: entered.get(name, "").strip() for name in _KEPT},
        password=entered.get("password", ""),
        address=address,
        now=now(),
    )
    here.watcher.look()


def _of_account(refusal: Invalid) -> dict[str, AccountProblem]:
    return {
        field: problem
        for field, problem in refusal.problems.items()
        if isinstance(problem, AccountProblem)
    }


async def _form(
    entered: dict[str, str], problems: dict[str, AccountProblem] | None = None, trouble: str = ""
) -> Response:
    front = await to_thread.run_sync(site.current().front)
    return page(
        "setup.html",
        status=422 if problems or trouble else 200,
        county_name=front.county_name,
        entered={name: entered.get(name, "")[:200] for name in _KEPT},
        problems={field: account_problem(problem) for field, problem in (problems or {}).items()},
        trouble=trouble,
        switch=other_language("/setup"),
    )
