"""The tables, one module per noun. Importing this package registers all of them."""

from data_access.tables.base import Base
from data_access.tables.cases import (
    Assignment,
    Case,
    CaseEvent,
    CaseSpan,
    Counter,
    Party,
)
from data_access.tables.imports import ImportBatch, ImportMapping, ImportReject, ImportRun
from data_access.tables.organisation import (
    Committee,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
    OrganisationUnit,
)
from data_access.tables.people import AuthSession, SignInAttempt, User, UserRole
from data_access.tables.rules import CaseType, Code, LimitRule, RuleChange, Site, WorkDay
from data_access.tables.trail import AuditHead, AuditLine, IdempotencyKey, UnmaskReason

__all__ = [
    "Assignment",
    "AuditHead",
    "AuditLine",
    "AuthSession",
    "Base",
    "Case",
    "CaseEvent",
    "CaseSpan",
    "CaseType",
    "Code",
    "Committee",
    "Counter",
    "IdempotencyKey",
    "ImportBatch",
    "ImportMapping",
    "ImportReject",
    "ImportRun",
    "LimitRule",
    "Mediator",
    "MediatorAbsence",
    "MediatorRelation",
    "MediatorSpeciality",
    "OrganisationUnit",
    "Party",
    "RuleChange",
    "SignInAttempt",
    "Site",
    "UnmaskReason",
    "User",
    "UserRole",
    "WorkDay",
]
