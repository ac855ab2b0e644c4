"""Accounts, their posts, and their sign-ins."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, id_column, stored
from domain.people import Role


class User(Base):
    """Somebody who can sign in. `password_hash` is argon2id."""

    __tablename__ = "app_user"
    __table_args__ = (Index(None, "oidc_subject", unique=True),)

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    mediator_id: Mapped[int | None] = mapped_column(ForeignKey("mediator.id"))
    failed_count: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    # Sessions of an older epoch are over: "log out everywhere" is one increment.
    session_epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    # A password that somebody else chose opens one form: the one to choose one's own.
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    # From when on such a password opens nothing; None for one's own.
    password_expires_at: Mapped[datetime | None]
    # Who this is for the identity provider: its name and the person's subject there.
    oidc_subject: Mapped[str | None] = mapped_column(String(255))


class UserRole(Base):
    """A post held in a part of the organisation, from a day to a day (the last not included)."""

    __tablename__ = "user_role"
    __table_args__ = (
        CheckConstraint("unit_id IS NULL OR committee_id IS NULL", name="one_place"),
        Index(None, "user_id"),
    )

    id: Mapped[id_column]
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    role: Mapped[Role] = mapped_column(stored(Role))
    # Neither: the role's own place (a mediator's own cases); otherwise a unit or a committee.
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("organisation_unit.id"))
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class AuthSession(Base):
    """A signed-in browser. Only the hash of its token is kept."""

    __tablename__ = "auth_session"
    __table_args__ = (UniqueConstraint("token_hash"), Index(None, "user_id"))

    id: Mapped[id_column]
    token_hash: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    epoch: Mapped[int]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64))
    # Opened with a one-time password: until it is changed, no page and no file.
    for_password_change: Mapped[bool] = mapped_column(default=False, server_default=false())


class SignInAttempt(Base):
    """Failed sign-ins by address, for the limit per address. Old rows are deleted."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "address", "at"),)

    id: Mapped[id_column]
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
