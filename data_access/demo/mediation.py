"""Mediation: who gets a case, how long it takes, when it changes hands, and how it ends."""

from data_access.demo import outcomes
from data_access.demo.aftermath import Aftermath
from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.chance import Weighted, one_of
from data_access.demo.office import Office
from data_access.demo.oversight import Oversight
from data_access.demo.story import Story
from domain.cases import HELD_STAGES, ReassignReason, Stage
from domain.eligibility import GROUND_OF_RELATION
from domain.organisation import RelationKind
from domain.transitions import Action, Given

_DISCLOSED_LATER, _PARTY_CHOICE, _BETTER_SPECIALITY, _SENT_BACK = 0.012, 0.008, 0.012, 0.014
_PASSED_ON_WHEN_LATE = 0.25
_NOT_OURS_AFTER_ALL = 0.003
_ENTERED_NEXT_DAY = 0.08
_RELATIONS = Weighted(tuple(RelationKind), (60, 20, 10, 10))


class Mediation:
    """Takes accepted cases to an agreement, or to none."""

    def __init__(self, office: Office, aftermath: Aftermath, oversight: Oversight) -> None:
        self._office, self._aftermath, self._oversight = office, aftermath, oversight
        self._agenda, self._rng = office.agenda, office.rng

    def plan_assignment(self, story: Story, at: int) -> None:
        """Somebody is named within office hours."""
        later = self._agenda.time.after(at, outcomes.assignment_seconds(self._rng))
        self._agenda.plan_next(story, later, self.assign)

    def assign(self, story: Story, at: int) -> None:
        """Give an accepted case to its first mediator; where nobody may, try again later."""
        if self._rng.random() < _NOT_OURS_AFTER_ALL:
            self._office.take(story, at, Action.REFUSE_SCOPE)
            return
        time, desk = self._agenda.time, self._office.desk
        chosen = desk.choose(story, time.day(at))
        if chosen is None:
            self._agenda.plan_next(story, time.after(at, 4 * HOUR), self.assign)
            return
        self._office.give(story, at, chosen, ReassignReason.FIRST_ASSIGNMENT)
        story.ends = at + int(
            outcomes.mediation_seconds(
                self._rng,
                story.dispute.difficulty,
                pace=self._office.mediators[chosen].pace,
                busy=desk.busy(chosen, time.day(at)),
            )
        )
        self._plan_end(story, at)
        self._plan_look_when_late(story, at)
        self._plan_surprise(story, at)
        self._oversight.foresee(story, at)

    def pass_on(self, story: Story, at: int, reason: ReassignReason) -> bool:
        """Hand the case to somebody else; False where nobody may take it, or none should."""
        parked = story.now.paused
        if story.now.stage not in HELD_STAGES or (
            parked and reason is not ReassignReason.LEFT_POST
        ):
            return False
        named = reason is ReassignReason.SPECIALITY
        desk, day = self._office.desk, self._agenda.time.day(at)
        chosen = desk.choose(story, day, named_only=named)
        if chosen is None:
            return False
        self._office.give(story, at, chosen, reason)
        if parked or story.planned is None:
            return True
        if story.now.stage is Stage.IN_MEDIATION:
            left = max(0, story.ends - at) * self._office.mediators[chosen].pace
            hurry = 0.5 if reason is ReassignReason.OVERDUE else 1
            story.ends = int(at + left * hurry + DAY // 2)
            self._plan_end(story, at)
        else:
            planned, step = story.planned
            self._agenda.plan_next(story, max(planned, at + DAY // 2), step)
        return True

    def relate(self, story: Story, mediator: int, identity: str, at: int) -> None:
        """Record that a mediator disclosed a relation to a party: they must not take this case."""
        kind = _RELATIONS.pick(self._rng)
        known = story.recused.get(mediator, frozenset())
        story.recused[mediator] = known | {GROUND_OF_RELATION[kind]}
        day = self._agenda.time.day(at)
        self._office.history.relations.append((mediator, identity, kind, day))

    def _plan_end(self, story: Story, at: int) -> None:
        met = self._agenda.when_people_meet(story.ends, after=at)
        self._agenda.plan_next(story, met, self._finish)

    def _plan_look_when_late(self, story: Story, at: int) -> None:
        overdue = self._office.second_of_deadline(story)
        if overdue > at:
            looked_at = int(overdue + self._rng.uniform(1, 4) * DAY)
            later = self._agenda.time.after(looked_at, 0)
            self._agenda.plan_beside(story, later, self._speed_up)

    def _plan_surprise(self, story: Story, at: int) -> None:
        """Now and then the first choice does not last."""
        point = self._rng.random()
        later = self._agenda.time.after(at, self._rng.exponential(6 * HOUR))
        for share, step in (
            (_DISCLOSED_LATER, self._disclose_now),
            (_PARTY_CHOICE, self._follow_parties),
            (_BETTER_SPECIALITY, self._find_specialist),
            (_SENT_BACK, self._send_back),
        ):
            if point < share:
                self._agenda.plan_beside(story, later, step)
                return
            point -= share

    def _disclose_now(self, story: Story, at: int) -> None:
        identities = [person.identity for _, person in story.dispute.parties if person.identity]
        holder = story.now.mediator
        if not identities or holder is None or self._holds_twin(holder, story):
            return
        if self.pass_on(story, at, ReassignReason.RECUSAL):
            self.relate(story, holder, one_of(self._rng, identities), at)

    def _holds_twin(self, holder: int, story: Story) -> bool:
        """Whether the same people's other case is in the same hand: then both would have to go."""
        held = self._office.held[holder].values()
        same = any(one.recused is story.recused for one in held if one is not story)
        return same or story.twin is not None

    def _follow_parties(self, story: Story, at: int) -> None:
        self.pass_on(story, at, ReassignReason.PARTY_CHOICE)

    def _find_specialist(self, story: Story, at: int) -> None:
        self.pass_on(story, at, ReassignReason.SPECIALITY)

    def _send_back(self, story: Story, at: int) -> None:
        self._office.take(story, at, Action.SEND_BACK)
        self.plan_assignment(story, at)

    def _speed_up(self, story: Story, at: int) -> None:
        if self._office.is_late(story, at) and self._rng.random() < _PASSED_ON_WHEN_LATE:
            self.pass_on(story, at, ReassignReason.OVERDUE)

    def _finish(self, story: Story, at: int) -> None:
        if back := self._away_until(story, at):
            met = self._agenda.when_people_meet(back, after=at)
            self._agenda.plan_next(story, met, self._finish)
            return
        end = outcomes.ending(self._rng, story.dispute.type, story.dispute.difficulty)
        if end.action is not Action.SETTLE:
            note = self._office.note(end.action)
            self._office.take(story, at, end.action, Given(note=note, outcome=end.outcome))
            self._aftermath.go_on(story, at)
            return
        day = self._agenda.time.day(at)
        begun = self._agenda.time.day(story.now.stage_since)
        if begun < day and self._rng.random() < _ENTERED_NEXT_DAY:
            day = self._agenda.time.day(at - DAY)
        self._office.take(story, at, Action.SETTLE, Given(form=end.form, day=day))
        self._aftermath.arrange(story, at, end)

    def _away_until(self, story: Story, at: int) -> int | None:
        """The day after the mediator's present absence, as a second of the flow."""
        assert story.now.mediator is not None  # noqa: S101 - somebody holds it
        day = self._agenda.time.day(at)
        for absence in self._office.mediators[story.now.mediator].absences:
            if absence.covers(day):
                return self._agenda.time.start_of(absence.last_day) + DAY
        return None
