"""What happens in the cases of a year, drawn from a seed: offers around the world of the planning benchmark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from benchmarks.planning.world import Rates, Story, World
from deploy.demo.made_up_numbers import made_up_cvr_numbers, made_up_p_numbers

TOPICS = ("011", "013", "056", "073")
"""Topics of the offers, in turns; none is psychosocial, so that no hearing is in writing."""
INDUSTRIES = (("offices", "private"), ("metal-and-machinery", "private"), ("cleaning", "private"))
Answer = Literal["accepted", "declined", "none"]


@dataclass(frozen=True)
class Plan:
    """What is to happen in one case, drawn before anything is played; days that the system draws are not in it."""

    number: int
    cvr: str
    buyer: str
    """R40: the legal entity that gets the unit, if it changes its owner."""
    p_number: str
    topic: str
    industry: str
    sector: str
    inspector: str
    offered_on: date
    answer: Answer
    answered_on: date
    story: Story | None
    """What happens to the agreement; None where the offer is not accepted."""
    guidance_offered: bool
    guidance_accepted: bool
    meets_at_company: bool
    takes_meeting: bool
    """R21: whether a meeting after the company has reported back becomes the control."""
    takes_phone: bool
    """R18: whether a control is by phone where that is proposed."""
    kept: bool


def draw_plans(world: World, rates: Rates) -> list[Plan]:
    """Draws an offer for each agreement of a world, and those that become none; the same again for the same file."""
    drawn = Random(rates["year"]["seed"])
    offers = [*_accepted(drawn, world, rates), *_not_accepted(drawn, world, rates)]
    numbers, units = made_up_cvr_numbers(2 * len(offers)), made_up_p_numbers(len(offers))
    return [
        Plan(
            number=number,
            cvr=numbers[2 * number],
            buyer=numbers[2 * number + 1],
            p_number=units[number],
            topic=drawn.choice(TOPICS),
            industry=industry,
            sector=sector,
            inspector=offer.inspector,
            offered_on=offer.offered_on,
            answer=offer.answer,
            answered_on=offer.answered_on,
            story=offer.story,
            guidance_offered=drawn.random() < rates["guidance"]["offered"],
            guidance_accepted=drawn.random() < rates["guidance"]["accepted"],
            meets_at_company=drawn.random() < rates["guidance"]["at_company"],
            takes_meeting=drawn.random() < rates["saved"]["meeting_is_control"],
            takes_phone=drawn.random() < rates["saved"]["by_phone"],
            kept=drawn.random() < rates["control"]["no_violation"],
        )
        for number, offer in enumerate(offers)
        for industry, sector in [drawn.choice(INDUSTRIES)]
    ]


@dataclass(frozen=True)
class _Offer:
    inspector: str
    offered_on: date
    answered_on: date
    answer: Answer
    story: Story | None


def _accepted(drawn: Random, world: World, rates: Rates) -> Iterator[_Offer]:
    answer = rates["answer"]
    for story in world.stories:
        took = timedelta(days=drawn.randint(answer["first_day"], answer["last_day"]))
        yield _Offer(story.inspector, story.accepted_on - took, story.accepted_on, "accepted", story)


def _not_accepted(drawn: Random, world: World, rates: Rates) -> Iterator[_Offer]:
    answer = rates["answer"]
    days: Sequence[date] = [story.accepted_on for story in world.stories]
    for _ in range(round(len(days) * (1 - answer["accepted"]) / answer["accepted"])):
        declined = drawn.random() < answer["declined"] / (1 - answer["accepted"])
        answered_on = drawn.choice(days)
        took = timedelta(days=drawn.randint(answer["first_day"], answer["last_day"]))
        inspector = drawn.choice(world.people).person_id
        yield _Offer(inspector, answered_on - took, answered_on, "declined" if declined else "none", None)
