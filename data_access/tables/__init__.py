"""The tables, one module per noun. Importing this package registers all of them."""

from data_access.tables.base import Base
from data_access.tables.batches import BatchMove, ReassignBatch
from data_access.tables.cases import (
    Assignment,
    Case,
    CaseEvent,
    CaseSeen,
    CaseSelection,
    CaseSpan,
    Counter,
    Party,
    SelectedCase,
)
from data_access.tables.imports import ImportBatch, ImportMapping, ImportReject, ImportRun
from data_access.tables.loads import MediatorTime, StandingDuty, StoredWeights
from data_access.tables.organisation import (
    Committee,
    DutyRoster,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
    OrganisationUnit,
    TeamChange,
)
from data_access.tables.people import AuthSession, SignInAttempt, User, UserRole
from data_access.tables.recusal import (
    BookedMeeting,
    CasePin,
    PartyChoice,
    PartyObjection,
    RecusalConsent,
)
from data_access.tables.red_events import EmergencyResponse, RedEvent
from data_access.tables.rules import CaseType, Code, LimitRule, RuleChange, Site, WorkDay
from data_access.tables.shapes import MapLayer, UnitShape, UnitSuccession, Zone
from data_access.tables.trail import AuditHead, AuditLine, IdempotencyKey, UnmaskReason
from data_access.tables.walls import Wall, WallOrder

__all__ = [
    "Assignment",
    "AuditHead",
    "AuditLine",
    "AuthSession",
    "Base",
    "BatchMove",
    "BookedMeeting",
    "Case",
    "CaseEvent",
    "CasePin",
    "CaseSeen",
    "CaseSelection",
    "CaseSpan",
    "CaseType",
    "Code",
    "Committee",
    "Counter",
    "DutyRoster",
    "EmergencyResponse",
    "IdempotencyKey",
    "ImportBatch",
    "ImportMapping",
    "ImportReject",
    "ImportRun",
    "LimitRule",
    "MapLayer",
    "Mediator",
    "MediatorAbsence",
    "MediatorRelation",
    "MediatorSpeciality",
    "MediatorTime",
    "OrganisationUnit",
    "Party",
    "PartyChoice",
    "PartyObjection",
    "ReassignBatch",
    "RecusalConsent",
    "RedEvent",
    "RuleChange",
    "SelectedCase",
    "SignInAttempt",
    "Site",
    "StandingDuty",
    "StoredWeights",
    "TeamChange",
    "UnitShape",
    "UnitSuccession",
    "UnmaskReason",
    "User",
    "UserRole",
    "Wall",
    "WallOrder",
    "WorkDay",
    "Zone",
]
