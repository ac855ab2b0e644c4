"""Who is asking, what each role may do, and which part of the county a person sees."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations

from domain.errors import NotAllowed
from domain.organisation import UnitLevel


class Role(StrEnum):
    """The posts of a county governance centre and of those who work with it."""

    LEADER = "leader"  # 县级领导(只读)
    DUTY = "duty"  # 综治中心值班员
    CENTRE_ADMIN = "centre_admin"  # 综治中心管理员
    TOWN = "town"  # 乡镇(街道)工作站
    COMMITTEE_HEAD = "committee_head"  # 社区(调委会主任)
    MEDIATOR = "mediator"  # 调解员
    GRID_WORKER = "grid_worker"  # 网格员
    JUSTICE = "justice"  # 司法局(补贴/督查)
    COURT = "court"  # 法院/法庭联络员
    DEPARTMENT = "department"  # 部门联络员
    ADVISER = "adviser"  # 法律顾问
    TRAINING = "training"  # 培训学校
    SYSTEM_ADMIN = "system_admin"  # 系统管理员
    SECURITY_ADMIN = "security_admin"  # 安全管理员
    AUDIT_ADMIN = "audit_admin"  # 审计管理员
    WALL = "wall"  # 大屏(只读, 无个人信息)


class Permission(StrEnum):
    """What can be done, as `subject:action`."""

    FIGURES_READ = "figures:read"
    CASE_READ = "case:read"
    CASE_REASSIGN = "case:reassign"
    CASE_UNMASK = "case:unmask"
    CASE_PLACE = "case:place"
    CASE_REGISTER = "case:register"
    CASE_ACCEPT = "case:accept"
    CASE_MEDIATE = "case:mediate"
    CASE_APPROVE = "case:approve"
    CASE_SUPERVISE = "case:supervise"
    IMPORT_RUN = "import:run"
    PEOPLE_MANAGE = "people:manage"
    POST_GRANT = "post:grant"
    TRAIL_READ = "trail:read"
    RULES_KEEP = "rules:keep"
    TEAM_READ = "team:read"
    TEAM_KEEP = "team:keep"
    TEAM_TERM = "team:term"
    TEAM_ROSTER = "team:roster"
    WALL_KEEP = "wall:keep"


_FIGURES = frozenset({Permission.FIGURES_READ})
# Who heads a committee keeps its leave and its roster; elections are reported to the justice bureau
# (人民调解法 10), which keeps the terms; the town and the centre keep all of it.
_TEAM_ROSTER = frozenset({Permission.TEAM_READ, Permission.TEAM_ROSTER})
_TEAM_TERM = frozenset({Permission.TEAM_READ, Permission.TEAM_TERM})
_TEAM = _TEAM_ROSTER | _TEAM_TERM | {Permission.TEAM_KEEP}
_READ = _FIGURES | {Permission.CASE_READ}
# The exact place is for those who go there or send somebody.
_MOVE = _READ | {Permission.CASE_REASSIGN, Permission.CASE_UNMASK, Permission.CASE_PLACE}
_WORK = _MOVE | {Permission.CASE_REGISTER, Permission.CASE_MEDIATE}
_STATION = _WORK | {Permission.CASE_ACCEPT, Permission.CASE_APPROVE}
_CENTRE = _STATION | {Permission.CASE_SUPERVISE}
_ADMINISTRATION = frozenset(
    {
        Permission.PEOPLE_MANAGE,
        Permission.POST_GRANT,
        Permission.TRAIL_READ,
        Permission.RULES_KEEP,
    }
)

# A court sees only what was handed over to it, a department only what it was asked for, and the
# wall no person at all: until those screens exist, these roles open no case. The figures of an area
# they see with small ones suppressed, as everybody does who may not open its cases.
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.LEADER: _READ | {Permission.TEAM_READ},
    Role.DUTY: _CENTRE | {Permission.TEAM_READ, Permission.WALL_KEEP},
    Role.CENTRE_ADMIN: (
        _CENTRE | _ADMINISTRATION | _TEAM | {Permission.IMPORT_RUN, Permission.WALL_KEEP}
    ),
    Role.TOWN: _STATION | _TEAM,
    Role.COMMITTEE_HEAD: _WORK | _TEAM_ROSTER,
    Role.MEDIATOR: _WORK - {Permission.CASE_REASSIGN, Permission.CASE_REGISTER},
    Role.GRID_WORKER: _READ | {Permission.CASE_REGISTER, Permission.CASE_PLACE},
    Role.JUSTICE: _READ | _TEAM_TERM | {Permission.CASE_SUPERVISE},
    Role.COURT: _FIGURES,
    Role.DEPARTMENT: _FIGURES,
    Role.ADVISER: _FIGURES,
    Role.TRAINING: _FIGURES,
    Role.SYSTEM_ADMIN: frozenset({Permission.PEOPLE_MANAGE, Permission.RULES_KEEP}),
    Role.SECURITY_ADMIN: frozenset({Permission.POST_GRANT}),
    Role.AUDIT_ADMIN: frozenset({Permission.TRAIL_READ}),
    Role.WALL: _FIGURES,
}

# 三员分立 (GB/T 22239-2019 8.1.5: system, audit and security management are separate). Where a site
# chooses it, who opens accounts gives no posts, who gives posts reads no trail, who reads the trail
# does neither, and none of the three opens a case.
SEPARATED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
SEPARATED_GRANTS: dict[Role, frozenset[Permission]] = GRANTS | {
    Role.CENTRE_ADMIN: GRANTS[Role.CENTRE_ADMIN] - _ADMINISTRATION
}


def roles_with(permission: Permission, *, separated: bool) -> frozenset[Role]:
    """The posts that give a permission; `separated`: the three administrators are kept apart."""
    by_role = SEPARATED_GRANTS if separated else GRANTS
    return frozenset(role for role, granted in by_role.items() if permission in granted)


class Seat(StrEnum):
    """Where a post can be held: at a unit of one level, in a committee, or in the person alone.

    The values of units are the level codes of GB/T 31000 table 37.
    """

    COUNTY = UnitLevel.COUNTY.value
    TOWN = UnitLevel.TOWN.value
    COMMUNITY = UnitLevel.COMMUNITY.value
    GRID = UnitLevel.GRID.value
    COMMITTEE = "committee"
    OWN_CASES = "own_cases"  # a mediator's own


_ANYWHERE_IN_THE_TREE = (Seat.COUNTY, Seat.TOWN)
# In the order in which they are offered. Administrators act for the whole county or not at all.
SEATS: dict[Role, tuple[Seat, ...]] = {
    Role.LEADER: _ANYWHERE_IN_THE_TREE,
    Role.DUTY: _ANYWHERE_IN_THE_TREE,
    Role.CENTRE_ADMIN: (Seat.COUNTY,),
    Role.TOWN: (Seat.TOWN,),
    Role.COMMITTEE_HEAD: (Seat.COMMITTEE, Seat.COMMUNITY),
    Role.MEDIATOR: (Seat.OWN_CASES, Seat.COMMITTEE),
    Role.GRID_WORKER: (Seat.GRID, Seat.COMMUNITY),
    Role.JUSTICE: _ANYWHERE_IN_THE_TREE,
    Role.COURT: _ANYWHERE_IN_THE_TREE,
    Role.DEPARTMENT: _ANYWHERE_IN_THE_TREE,
    Role.ADVISER: (Seat.COMMUNITY, Seat.TOWN, Seat.COUNTY),
    Role.TRAINING: (Seat.COUNTY,),
    Role.SYSTEM_ADMIN: (Seat.COUNTY,),
    Role.SECURITY_ADMIN: (Seat.COUNTY,),
    Role.AUDIT_ADMIN: (Seat.COUNTY,),
    Role.WALL: _ANYWHERE_IN_THE_TREE,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of one county that may be seen: the union of what the sets name.

    Shapes: organisation unit ids by level, committee ids (the cases a committee holds) and mediator
    ids (the cases a mediator holds). `whole_county` sees everything of `county_id`; a scope with
    nothing in it sees nothing.
    """

    county_id: int
    whole_county: bool = False
    towns: frozenset[int] = frozenset()
    communities: frozenset[int] = frozenset()
    grids: frozenset[int] = frozenset()
    committees: frozenset[int] = frozenset()
    mediators: frozenset[int] = frozenset()

    def __or__(self, other: "Scope") -> "Scope":
        """What either of two scopes of one county sees."""
        if self.county_id != other.county_id:
            msg = "scopes of two counties cannot be joined"
            raise ValueError(msg)
        return Scope(
            self.county_id,
            self.whole_county or other.whole_county,
            self.towns | other.towns,
            self.communities | other.communities,
            self.grids | other.grids,
            self.committees | other.committees,
            self.mediators | other.mediators,
        )

    @property
    def key(self) -> str:
        """A canonical form, equal for equal scopes: part of every cache key."""
        if self.whole_county:
            return f"county:{self.county_id}"
        parts = (
            ("t", self.towns),
            ("c", self.communities),
            ("g", self.grids),
            ("k", self.committees),
            ("m", self.mediators),
        )
        named = (f"{mark}{','.join(map(str, sorted(ids)))}" for mark, ids in parts if ids)
        return f"county:{self.county_id}/" + "/".join(named)


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person: for each permission, the scope it is held in.

    A person may hold several posts; each post grants its permissions in its own part of the county,
    so a mediator of town A who is also a grid worker of town B moves nothing in B. With a `wall_id`
    it is no person but a wall (大屏), which has no account and no session of a person.
    """

    user_id: int
    name: str
    county_id: int
    grants: dict[Permission, Scope] = field(default_factory=dict)
    roles: frozenset[Role] = frozenset()
    session_id: int | None = None
    address: str = ""
    wall_id: int | None = None

    def may(self, *permissions: Permission) -> bool:
        """Whether the person holds one of these permissions anywhere."""
        return any(permission in self.grants for permission in permissions)

    def scope(self, permission: Permission) -> Scope:
        """Where the person holds this permission. Raises NotAllowed where nowhere."""
        try:
            return self.grants[permission]
        except KeyError:
            raise NotAllowed(permission) from None


@dataclass(frozen=True, slots=True)
class Post:
    """A role held in a place, from a day to a day (the last not included).

    At most one place: a unit with its level, or a committee with the community it serves (None for
    a town's or the county's). Neither for a role whose place is the person: a mediator's own cases.
    """

    role: Role
    unit_id: int | None = None
    level: UnitLevel | None = None
    committee_id: int | None = None
    community_id: int | None = None
    valid_from: date = date.min
    valid_to: date | None = None

    def held_on(self, day: date) -> bool:
        """Whether the post is held on this day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def meets(self, other: "Post", *, since: date = date.min) -> bool:
        """Whether some day, from `since` on, has both posts held."""
        begins = max(self.valid_from, other.valid_from, since)
        ends = min(self.valid_to or date.max, other.valid_to or date.max)
        return begins < ends

    def scope(self, *, county_id: int, mediator_id: int | None) -> Scope | None:
        """The part of the county that the post sees; None where it has no place.

        A head sees what the committee holds and, in a village or community, everything that happens
        there; anybody else posted to a committee sees what the committee holds.
        """
        match self.level:
            case UnitLevel.COUNTY:
                return Scope(county_id, whole_county=True)
            case UnitLevel.TOWN:
                return Scope(county_id, towns=_only(self.unit_id))
            case UnitLevel.COMMUNITY:
                return Scope(county_id, communities=_only(self.unit_id))
            case UnitLevel.GRID:
                return Scope(county_id, grids=_only(self.unit_id))
            case None:
                return self._scope_without_unit(county_id, mediator_id)

    def _scope_without_unit(self, county_id: int, mediator_id: int | None) -> Scope | None:
        if self.committee_id is not None:
            leads = self.role is Role.COMMITTEE_HEAD
            return Scope(
                county_id,
                committees=frozenset({self.committee_id}),
                communities=_only(self.community_id if leads else None),
            )
        if self.role is Role.MEDIATOR and mediator_id is not None:
            return Scope(county_id, mediators=frozenset({mediator_id}))
        return None


def _only(one: int | None) -> frozenset[int]:
    return frozenset() if one is None else frozenset({one})


def grants_of(
    posts: Iterable[Post],
    *,
    county_id: int,
    mediator_id: int | None,
    day: date,
    separated: bool = False,
) -> dict[Permission, Scope]:
    """For each permission the scope in which the posts held on `day` give it, joined.

    `separated`: the site keeps the three administrators apart (三员分立). Posts from before it did
    that collide give nothing at all, until one of them is ended.
    """
    by_role = SEPARATED_GRANTS if separated else GRANTS
    held = [post for post in posts if post.held_on(day)]
    kept_apart = collisions(held, since=day) if separated else []
    grants: dict[Permission, Scope] = {}
    for post in held:
        scope = post.scope(county_id=county_id, mediator_id=mediator_id)
        if scope is None or any(post in pair for pair in kept_apart):
            continue
        for permission in by_role[post.role]:
            known = grants.get(permission)
            grants[permission] = scope if known is None else known | scope
    return grants


def collisions(posts: Sequence[Post], *, since: date) -> list[tuple[Post, Post]]:
    """Which of one person's posts the separation of the three administrators keeps apart.

    Pairs of posts held on a same day from `since` on: nobody holds two of the three, nor one of
    them beside any other post. `since` is today: what was, is the trail's.
    """
    return [
        (one, other)
        for one, other in combinations(posts, 2)
        if one.role is not other.role
        and SEPARATED & {one.role, other.role}
        and one.meets(other, since=since)
    ]


@dataclass(frozen=True, slots=True)
class Collision:
    """Two posts of one person that the separation of the three administrators keeps apart."""

    user_id: int
    login: str
    name: str
    roles: tuple[Role, Role]


class AccountState(StrEnum):
    """How an account stands: what a list of them can be narrowed to. One may stand in several."""

    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"  # after failures in a row
    ONE_TIME = "one_time"  # the password is one that somebody else made
    SIGNED_IN = "signed_in"
    WITHOUT_POST = "without_post"


class AccountObjection(StrEnum):
    """Why an account or a post must not be changed in this way, or not by this person."""

    OWN_ACCOUNT = "own_account"  # nobody closes or opens their own
    OWN_POST = "own_post"  # nobody gives themselves a post
    OWN_PASSWORD = "own_password"  # noqa: S105 - one's own is changed with the present one
    CLOSED = "closed"  # a closed account gets no password
    ENDED = "ended"  # the post is over already
    KEPT_APART = "kept_apart"  # 三员分立
    LAST_MANAGER = "last_manager"  # nobody would be left to open accounts
    LAST_GRANTER = "last_granter"  # nobody would be left to give posts
    LAST_AUDITOR = "last_auditor"  # nobody would be left to read the trail
    OF_ADMINISTRATOR = "of_administrator"  # 三员: whose account opens it opens their rights


# A site must not lock itself out: somebody who can sign in keeps each of these.
NEVER_WITHOUT = {
    Permission.PEOPLE_MANAGE: AccountObjection.LAST_MANAGER,
    Permission.POST_GRANT: AccountObjection.LAST_GRANTER,
    Permission.TRAIL_READ: AccountObjection.LAST_AUDITOR,
}

# Long enough to be handed over on the day after a weekend, short enough to be worth little in a
# drawer.
ONE_TIME_PASSWORD_LASTS = timedelta(hours=72)


class AccountProblem(StrEnum):
    """Why an account, a password or a post was not taken as entered."""

    LOGIN_FORM = "login_form"  # not 2 to 40 letters, digits, dots, dashes
    LOGIN_TAKEN = "login_taken"
    NAME_MISSING = "name_missing"
    NAME_LONG = "name_long"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_SIMPLE = "too_simple"  # too few kinds of characters
    TOO_COMMON = "too_common"  # on every list of guesses
    CONTAINS_LOGIN = "contains_login"
    NOT_REPEATED = "not_repeated"  # the second entry differs
    NOT_THE_PRESENT = "not_the_present"  # the present password, asked for, was wrong
    UNCHANGED = "unchanged"  # the new password is the present one
    PLACE_MISSING = "place_missing"
    PLACE_UNKNOWN = "place_unknown"
    PLACE_UNFIT = "place_unfit"  # this post is not held at such a place
    ROLE_MISSING = "role_missing"
    MEDIATOR_UNKNOWN = "mediator_unknown"
    MEDIATOR_TAKEN = "mediator_taken"  # another account is this mediator's
    DATES_REVERSED = "dates_reversed"
    DATES_PAST = "dates_past"  # a post begins and ends today or later
    ENDS_LATER = "ends_later"  # ending a post cannot make it longer
    COUNTY_CODE_FORM = "county_code_form"
    COUNTY_NAME_MISSING = "county_name_missing"
    SETUP_CODE_WRONG = "setup_code_wrong"
    IDENTITY_FORM = "identity_form"  # empty, too long, or with blanks inside
    IDENTITY_TAKEN = "identity_taken"  # of another account


# The standard fixes no numbers (GB/T 22239-2019 8.1.4.1); common audit practice is 5 failures and
# 5 to 30 minutes. Doubling makes a slow guess hopeless without shutting anybody out for good.
FAILURES_BEFORE_LOCK = 5
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)


def lock_after(failures: int) -> timedelta | None:
    """How long a login is locked after this many failures in a row; None while it is not."""
    if failures < FAILURES_BEFORE_LOCK:
        return None
    # 7 doublings pass a day; more would only make big numbers.
    return min(LONGEST_LOCK, FIRST_LOCK * (1 << min(failures - FAILURES_BEFORE_LOCK, 7)))


SYSTEM_USER_ID = 0
# A wall is nobody's account, and not the system either: it may nothing but read figures.
WALL_USER_ID = -1


def wall_actor(
    county_id: int, *, wall_id: int, name: str, scope: Scope, address: str = ""
) -> Actor:
    """A wall (大屏): the figures of its part of the county, and nothing else."""
    return Actor(
        WALL_USER_ID,
        name,
        county_id,
        dict.fromkeys(GRANTS[Role.WALL], scope),
        frozenset({Role.WALL}),
        address=address,
        wall_id=wall_id,
    )


def system_actor(county_id: int) -> Actor:
    """The product itself: migrations, imports from the command line, the demonstration county."""
    everything = Scope(county_id, whole_county=True)
    return Actor(SYSTEM_USER_ID, "", county_id, dict.fromkeys(Permission, everything))
