"""What people were told, held against what the database holds.

`Answers` reads the log that the workers keep apart from the database. Everything here compares one
moment of the county with the log as it was before that moment: what was answered by then must be
there, what was refused must not be, and what got no answer is there wholly or not at all.
"""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from data_access.history import note_place
from data_access.tables import User, UserRole
from domain.errors import Refusal
from domain.imports import FileRefused
from tests.drill.work import numbers_of, reassign, take_in, undo

# Asked for again after a lost answer, each under the name that it had the first time.
AGAIN = {"reassign": reassign, "undo": undo}


class Answers:
    """The log so far: requests by their identity, and what became of each."""

    def __init__(self, *paths):
        self.tried, self.done, self.refused = {}, {}, {}
        self.lost = Counter()
        for path in paths:
            for line in _whole_lines(path):
                match line["what"]:
                    case "try":
                        self.tried[line["id"]] = line
                    case "done":
                        self.done[line["id"]] = line
                    case "refused":
                        self.refused[line["id"]] = line
                    case "lost":
                        self.lost[line["id"]] += 1

    @property
    def unanswered(self):
        """Requests of which nobody knows what became, the earliest first."""
        answered = self.done.keys() | self.refused.keys()
        return [line for one, line in self.tried.items() if one not in answered]

    def of(self, operation, among):
        """Those of one operation among the done, the refused or the tried."""
        return {
            identity: self.tried[identity]["request"]
            for identity in among
            if self.tried[identity]["operation"] == operation
        }


def _whole_lines(path):
    """A line that was cut off by a kill was never on the disk as a whole: it says nothing."""
    text = Path(path).read_text("utf-8") if Path(path).exists() else ""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            # Another process appends behind what a killed one began.
            begun = line.rfind('{"what"')
            if begun > 0:
                found.append(json.loads(line[begun:]))
    return found


class Reckoning:
    """Lost, done in spite of a refusal, done twice or by halves: a sentence for each.

    `late` counts what was done although its answer never came: for these a retry must be safe.
    """

    def __init__(self, county, answers, vault):
        self.county, self.answers, self.vault = county, answers, vault
        self.wrong, self.late = [], 0
        for judge in (self._moves, self._looks, self._files, self._accounts, self._pages):
            judge()

    def _say(self, sentence):
        self.wrong.append(sentence)

    def _moves(self):
        keys, answers = self.county.keys, self.answers
        for operation in AGAIN:
            for identity in answers.of(operation, answers.done):
                told = answers.done[identity]["answer"]
                kept = keys.get(identity)
                if kept is None:
                    self._say(f"lost: {operation} {identity} {told}")
                elif [kept.result[n] for n in ("case_no", "version", "mediator_id")] != told:
                    self._say(f"answered {told}, kept {kept.result}")
                elif not self._happened(told):
                    self._say(f"answered and in no history: {operation} {told}")
            for identity in answers.of(operation, answers.refused).keys() & keys.keys():
                self._say(f"refused and done: {operation} {identity}")
        pending = answers.tried.keys() - answers.done.keys() - answers.refused.keys()
        self.late += len(pending & keys.keys())

    def _happened(self, told):
        case_no, version, mediator_id = told
        case = self.county.by_number[case_no]
        events = {event.seq: event for event in self.county.events[case.id]}
        return version in events and events[version].data["to"] == mediator_id

    def _looks(self):
        """Each look behind a mask has one line, by the keyed hash of its reason."""
        lines = Counter(
            line.payload["reason"] for line in self.county.lines if line.action == "case:unmask"
        )
        for identity in self.answers.of("unmask", self.answers.tried):
            count = lines[self.vault.fingerprint(f"核对当事人电话 {identity}")]
            answered = identity in self.answers.done
            if count > 1 or (answered and count != 1):
                self._say(
                    f"{'answered' if answered else 'tried'}: unmask {identity}, {count} lines"
                )
            self.late += count == 1 and not answered

    def _files(self):
        """Of a file all cases are there, under one batch, or none is."""
        by_number = {case.external_no: case for case in self.county.cases.values()}
        for identity in self.answers.of("import", self.answers.tried):
            there = [by_number[one] for one in numbers_of(identity) if one in by_number]
            batches = {case.batch_id for case in there}
            answered = self.answers.done.get(identity)
            if len(there) not in (0, len(numbers_of(identity))) or len(batches) > 1:
                self._say(f"by halves: file {identity}, {len(there)} cases in {batches}")
            if answered and batches != {answered["answer"]}:
                self._say(f"lost: file {identity}, batch {answered['answer']}, there {batches}")
            if identity in self.answers.refused and there:
                self._say(f"refused and done: file {identity}")
            self.late += bool(there) and not answered

    def _accounts(self):
        session, done = self.county.session, self.answers.done
        users = dict(session.execute(select(User.login, User.id)).all())
        told = Counter(line.subject for line in self.county.lines if line.action == "user:create")
        for identity in self.answers.of("account", done):
            user_id = done[identity]["answer"]
            if users.get(f"u{identity[:12]}") != user_id or told[f"user:{user_id}"] != 1:
                self._say(f"lost: account {identity}")
        posts = {post.id: post for post in session.scalars(select(UserRole))}
        for identity, request in self.answers.of("grant", done).items():
            post = posts.get(done[identity]["answer"])
            if post is None or post.user_id != request["user_id"]:
                self._say(f"lost: post {identity}")
        for identity, request in self.answers.of("end", done).items():
            if posts[request["post_id"]].valid_to is None:
                self._say(f"lost: end of post {identity}")
        given = Counter(
            line.payload["post"] for line in self.county.lines if line.action == "user:grant"
        )
        if any(count > 1 for count in given.values()):
            self._say("a post was given twice")

    def _pages(self):
        """Moves through the page are known by their notes, which nobody else writes."""
        wanted = self.answers.of("page", self.answers.tried)
        if not wanted:
            return
        notes = defaultdict(list)
        for case_no in {request["case_no"] for request in wanted.values()}:
            case = self.county.by_number[case_no]
            for event in self.county.events[case.id]:
                if event.note_encrypted:
                    place = note_place("case_event.note", self.county.id, case.id, event.seq)
                    notes[self.vault.decrypt(event.note_encrypted, place=place)].append(event)
        for identity in wanted:
            events = notes[f"{identity} 分流"]
            answered = self.answers.done.get(identity)
            if len(events) > 1:
                self._say(f"twice: page {identity}")
            if answered and [event.data["to"] for event in events] != [answered["answer"]]:
                self._say(f"lost: page {identity} to {answered['answer']}")
            if identity in self.answers.refused and events:
                self._say(f"refused and done: page {identity}")
            self.late += bool(events) and not answered


def ask_again(db, actor, answers):
    """Everybody who got no answer asks again, twice: the same answer both times.

    Returns how many were answered, and a sentence for each that was answered in two ways.
    """
    wrong, answered = [], 0
    commands = {**AGAIN, "import": None}
    for line in answers.unanswered:
        if line["operation"] not in commands:
            continue
        first, second = (_once_more(db, actor, line) for _ in range(2))
        answered += first is not None
        if first != second:
            wrong.append(f"asked again: {line['operation']} {line['id']} {first} {second}")
    return answered, wrong


def _once_more(db, actor, line):
    """What a retry is answered; None for a refusal."""
    now = datetime.now(UTC)
    try:
        if line["operation"] == "import":
            return take_in(db, actor, now, identity=line["id"], **line["request"])
        return AGAIN[line["operation"]](db, actor, line["id"], now, **line["request"])
    except (Refusal, FileRefused):
        return None
