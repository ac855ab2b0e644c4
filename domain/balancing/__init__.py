"""Who should have which case: projections, plans, their check, and what the past would have been.

Pure reckoning on what is handed in: `propose` makes a plan, `verify` checks it by other means,
`assess` weighs moves made by hand, `suggest` ranks people for one case, `worklist_order` orders
one mediator's day, `simulate` runs a history through another rule.
"""

from domain.balancing.bounds import bound
from domain.balancing.by_hand import assess, hand_back
from domain.balancing.frontier import Point, frontier
from domain.balancing.plan import Mode, Move, Plan
from domain.balancing.pool import Lock, Person, Pool, Work
from domain.balancing.progress import Cancelled, Tick
from domain.balancing.projection import late_cases
from domain.balancing.proposing import Request, propose
from domain.balancing.replay import replay, simulate
from domain.balancing.suggesting import suggest
from domain.balancing.verifying import Violation, verify
from domain.balancing.worklist import worklist_order

__all__ = [
    "Cancelled",
    "Lock",
    "Mode",
    "Move",
    "Person",
    "Plan",
    "Point",
    "Pool",
    "Request",
    "Tick",
    "Violation",
    "Work",
    "assess",
    "bound",
    "frontier",
    "hand_back",
    "late_cases",
    "propose",
    "replay",
    "simulate",
    "suggest",
    "verify",
    "worklist_order",
]
