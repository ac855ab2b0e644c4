"""/password: everybody changes their own; with a one-time password, before anything else."""

from anyio import to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from data_access import site
from data_access.commands.passwords import change_password
from data_access.door import SignedIn
from domain.errors import Invalid, SessionEnded, SignInRefused
from domain.people import AccountProblem
from server.arrival import Arrival, safe_next
from server.clock import now
from server.forms import FormRefused, read_form
from server.language import in_language, of_referrer, other_language, speak
from server.pages import page
from server.places import Places
from server.sign_in import STATUS, to_all_tabs
from texts.people import account_problem, sign_in_refused

_AT_ONCE = 6
_UNPROCESSABLE = 422

_places = Places(_AT_ONCE)


class Password(HTTPEndpoint):
    """The form, and what comes of it. The gate lets nobody come here who is not signed in."""

    async def get(self, request: Request) -> Response:
        """The form; ?next=… is where the person goes on to."""
        target = safe_next(request.query_params.get("next"))
        chosen = request.query_params.get("lang")
        speak(chosen or of_referrer(request.headers.get("referer")), target)
        return _form(request, target)

    async def post(self, request: Request) -> Response:
        """Change it, end every other session, and give this browser a new one."""
        try:
            entered = await read_form(request)
        except FormRefused:
            return PlainTextResponse("not a password form\n", 400)
        target, chosen = safe_next(entered.get("next")), entered.get("lang")
        speak(chosen, target)
        if entered.get("password", "") != entered.get("repeated", ""):
            return _form(request, target, {"repeated": AccountProblem.NOT_REPEATED})
        try:
            opened = await _change(request, entered)
        except Invalid as refusal:
            return _form(request, target, _of_account(refusal))
        except SignInRefused as refusal:
            return _form(request, target, refused=refusal)
        except SessionEnded:
            return RedirectResponse(in_language("/signin", chosen), 303)
        # The next request comes with the new cookie: the registry must know it by then.
        await to_thread.run_sync(site.current().watcher.look)
        forced: bool = request.scope["wusong.visitor"].must_change
        back = in_language(target, chosen)
        done = RedirectResponse(back, 303) if forced else page("password_changed.html", back=back)
        return to_all_tabs(done, request.scope["wusong.arrival"], opened)


async def _change(request: Request, entered: dict[str, str]) -> SignedIn:
    """Change the password in one of a few threads; with all of them taken, say so instead."""
    here, moment = site.current(), now()
    arrival: Arrival = request.scope["wusong.arrival"]
    session_id: int = request.scope["wusong.visitor"].session_id

    def work() -> SignedIn:
        actor = here.registry.owner(session_id, moment, address=arrival.address)
        return change_password(
            here.db,
            present=entered.get("present", ""),
            password=entered.get("password", ""),
            lifetime=here.session_lifetime,
            actor=actor,
            now=moment,
        )

    return await _places.run(work)


def _of_account(refusal: Invalid) -> dict[str, AccountProblem]:
    return {
        field: problem
        for field, problem in refusal.problems.items()
        if isinstance(problem, AccountProblem)
    }


def _form(
    request: Request,
    target: str,
    problems: dict[str, AccountProblem] | None = None,
    refused: SignInRefused | None = None,
) -> Response:
    status = STATUS[refused.problem] if refused else _UNPROCESSABLE if problems else 200
    return page(
        "password.html",
        status=status,
        must_change=request.scope["wusong.visitor"].must_change,
        target=target,
        back=target,
        problems={field: account_problem(problem) for field, problem in (problems or {}).items()},
        trouble=sign_in_refused(refused, now=now()) if refused else "",
        switch=other_language("/password", next=target),
    )
