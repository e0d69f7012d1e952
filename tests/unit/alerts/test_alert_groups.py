"""What a rule finds in several places is one push: who is disturbed, by what, and what one answer takes."""

from datetime import time, timedelta

import msgspec

from alerts.attempts import Task
from alerts.book import Book
from alerts.channels import webpush
from alerts.channels.ntfy import payload
from alerts.courier import Courier
from alerts.links import Links, read
from alerts.message import message
from alerts.settings import AlertsSettings, Budget, ChannelSettings, Contact, Person, Rule, Shift
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from sensors.streams import Position
from tests.scenario import Story, in_state, shop, told

QUEUE = Rule(
    name="queue-long", metric="queue_length", window="now", subject="till:*", compare="above",
    reference="fixed", level=6, clear_level=3, hold_s=10, action="open-till",
)  # fmt: skip
KEY = b"k" * 32
TILLS = [{"id": n, "name": {"en": f"Till {n}", "zh": f"{n} 号台"}} for n in "1234"]


def queues(*people: Person, budget: int = 12) -> Story:
    """A shop of four tills with these people."""
    chosen = AlertsSettings(rules=[QUEUE], people=list(people), budget=Budget(pushes=budget))
    return Story(chosen, sensors=SensorsSettings(stores=[shop(tills=TILLS)])).at("10:00")


def lines(story: Story, when: str, *tills: int, length: int = 9) -> Story:
    """These tills have so many people in line from then on."""
    story.at(when)
    for till in tills:
        story.say("queue_length", length, subject=f"till:{till}", window="now")
    return story


def test_three_queues_at_once_are_one_push() -> None:
    """What a rule finds at three tills at once is one notice of all three, which counts once against the budget."""
    story = lines(queues(budget=1), "10:00", 1, 2, 3).at("10:01")
    (push,) = story.notices
    assert (push.kind, len(push.incidents)) == ("firing", 3)


def test_queues_that_follow_join_the_push() -> None:
    """Tills that follow within minutes are told as joining: to whoever was told, of the whole push, without a sound."""
    story = queues(Person(id="chen"), Person(id="lw", role="floor-manager"))
    for when, till in (("10:00", 1), ("10:00:20", 2), ("10:00:50", 3), ("10:03", 4)):
        lines(story, when, till)
    story.at("10:03:50").expect(told("firing", "queue-long"))
    joined = [n for n in story.notices if n.kind == "joined"]
    assert [(len(n.incidents), len(n.others), n.audience) for n in joined] == [
        (1, others, ["chen"]) for others in (1, 2, 3)
    ]
    assert {n.group for n in story.notices} == {story.notices[0].id}
    said = [message(n, story.book, "en", key="k") for n in story.notices]
    assert [s.title for s in said] == ["Queue is long", *(f"Queue is long ×{n}" for n in (2, 3, 4))]
    assert len({s.tag for s in said}) == 1
    assert [s.urgent for s in said] == [True, False, False, False]


def test_a_push_is_repeated_and_escalated_as_one() -> None:
    """Whatever has joined a push that nobody takes is repeated and escalated with it, each time in one notice."""
    story = queues(Person(id="chen"), Person(id="lw", role="floor-manager"))
    lines(lines(story, "10:00", 1), "10:02", 2).at("10:05:30")
    found = [
        (n.kind, len(n.incidents), n.audience)
        for n in story.notices
        if n.kind in ("repeated", "escalated")
    ]
    assert found == [("repeated", 2, ["chen"]), ("escalated", 2, ["lw"])]


def test_what_joins_what_somebody_has_gets_its_own_time() -> None:
    """A till that joins after the push was taken disturbs nobody until its own repeat is due; then it does."""
    story = lines(queues(Person(id="chen")), "10:00", 1).at("10:01")
    lines(story.ack("queue-long", subject="till:1"), "10:02", 2).at("10:06")
    story.expect(told("firing", "queue-long"), told("repeated", "queue-long", 0))
    story.at("10:06:30")
    (again,) = story.told("repeated", "queue-long")
    assert [i.subject for i in again.incidents] == ["till:2"]


def test_a_push_is_made_anew() -> None:
    """After its time, when all of it is over or snoozed, or for people not told yet, the next till is a push again."""
    late = lines(lines(queues(), "10:00", 1), "10:05:10", 2).at("10:06")
    late.expect(told("firing", "queue-long", 2), told("joined", "queue-long", 0))
    over = lines(lines(queues(), "10:00", 1), "10:01", 1, length=1).at("10:03:30")
    over.expect(in_state("queue-long", "resolved", "till:1"))
    lines(over, "10:03:40", 2).at("10:04").expect(told("firing", "queue-long", 2))
    rests = lines(queues(), "10:00", 1).at("10:01")
    until = rests.now + timedelta(minutes=20)
    rests.command("snooze", rests.open("queue-long", "till:1").id, until=until)
    lines(rests, "10:02", 2).at("10:03").expect(told("firing", "queue-long", 2))
    shift = [Shift(starts=time(10, 1), ends=time(15))]
    fresh = lines(queues(Person(id="chen"), Person(id="wang", shifts=shift)), "10:00", 1)
    lines(fresh, "10:02", 2).at("10:03")
    assert [n.audience for n in fresh.told("firing", "queue-long")] == [["chen"], ["chen", "wang"]]


def test_the_end_of_one_leaves_the_push_about_the_others() -> None:
    """A till that is well again is told beside the push; the last one's end replaces it."""
    story = lines(queues(), "10:00", 1, 2, 3).at("10:01")
    for when, till in (("10:02", 1), ("10:05", 2), ("10:08", 3)):
        lines(story, when, till, length=1)
    story.at("10:11")
    ends = [n for n in story.notices if n.kind == "resolved"]
    assert [bool(n.group) for n in ends] == [False, False, True]
    assert message(ends[-1], story.book, "en", key="k").tag == story.notices[0].id


def test_one_answer_takes_all_of_a_push() -> None:
    """The link and the buttons of a push are for every incident that it names, in a push that has grown too."""
    story = lines(lines(queues(Person(id="chen")), "10:00", 1, 2), "10:01", 3).at("10:02")
    links = Links("https://floor.example", KEY, timedelta(hours=4))
    for notice, wanted in zip(story.notices, (2, 3), strict=True):
        said = message(notice, story.book, "en", key="k", person="chen", links=links)
        claim = read(KEY, said.link.partition("?t=")[2], notice.at)
        assert claim
        named = {claim.incident, *claim.others}
        assert named == {i.id for i in (*notice.incidents, *notice.others)}
        assert len(named) == wanted


def test_a_push_about_very_many_stays_small() -> None:
    """A push names the six dearest, says how many more there are, and fits into what push services take."""
    rule = msgspec.structs.replace(QUEUE, subject="*")
    story = Story(AlertsSettings(rules=[rule], people=[Person(id="chen")])).at("10:00")
    for n in range(40):
        story.say("queue_length", 9, subject=f"sku:A-LONG-NAME-{n:04d}", window="now")
    (notice,) = story.at("10:01").notices
    links = Links("https://floor.example.com", KEY, timedelta(hours=4))
    said = message(notice, story.book, "zh", key=notice.id, person="chen", links=links)
    assert said.title.endswith("×40")
    assert said.body.splitlines()[6:] == ["另有 34 条"]
    claim = read(KEY, said.link.partition("?t=")[2], notice.at)
    assert claim
    assert [claim.incident, *claim.others] == [i.id for i in notice.incidents[:6]]
    assert len(msgspec.json.encode(webpush.payload(said))) < 3_900


def tasks(story: Story, people: list[Person]) -> list[list[Task]]:
    """What the courier would send of each notice, by kind of channel alone."""
    channels = {kind: ChannelSettings(kind=kind) for kind in ("ntfy", "apprise")}
    settings = AlertsSettings(rules=[QUEUE], people=people, channels=channels)
    book = Book(settings, SensorsSettings(stores=[shop(tills=TILLS)]), FlowsSettings())
    courier = Courier(book, settings, [], apart=["apprise"])
    found = []
    for n, notice in enumerate(story.notices):
        courier.take(0, Position(n + 1, 0), notice, {})
        found.append(courier.due())
    return found


def test_what_joins_goes_only_where_it_replaces() -> None:
    """Ntfy shows the grown push in the old one's place at a soundless priority; a chat, which cannot, is left alone."""
    people = [
        Person(id=name, contacts=[Contact(channel=channel, to=name)])
        for name, channel in (("chen", "ntfy"), ("wang", "apprise"))
    ]
    first, joined = tasks(lines(lines(queues(*people), "10:00", 1), "10:01", 2).at("10:02"), people)
    assert sorted(t.channel for t in first) == ["apprise", "log", "ntfy"]
    assert sorted(t.channel for t in joined) == ["log", "ntfy"]
    was, now = (
        payload(next(t.delivery for t in some if t.channel == "ntfy")) for some in (first, joined)
    )
    assert was["sequence_id"] == now["sequence_id"]
    assert (was["priority"], now["priority"]) == (4, 2)
