"""Plays one short course per rule, concurrently on the virtual clock, and prints what each rule answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Console

from deploy.demo.courses import DemoContext
from deploy.demo.play import interleave
from deploy.demo.rules import afterwards, before_answer, controls, seen_together, while_running
from deploy.demo.rules.rule_scenario import Course, Protocol, RuleScenario, units
from deploy.local.foreign_facts import Environment, register_of_businesses, unit_fact
from deploy.local.virtual_time import VirtualTime
from shared.contracts.register import UnitRegistered


@dataclass(frozen=True)
class RuleCourse:
    """The course of a rule, and how many units its company has."""

    play: Callable[[RuleScenario], Course]
    units: int = 2


RULES: Mapping[str, RuleCourse] = {
    "R1": RuleCourse(before_answer.r1),
    "R2": RuleCourse(before_answer.r2),
    "R3": RuleCourse(before_answer.r3),
    "R4": RuleCourse(before_answer.r4),
    "R5": RuleCourse(before_answer.r5),
    "R6": RuleCourse(before_answer.r6),
    "R7": RuleCourse(before_answer.r7),
    "R8": RuleCourse(before_answer.r8),
    "R9": RuleCourse(before_answer.r9),
    "R10": RuleCourse(before_answer.r10),
    "R11": RuleCourse(while_running.r11),
    "R12": RuleCourse(while_running.r12),
    "R13": RuleCourse(while_running.r13),
    "R14": RuleCourse(while_running.r14),
    "R15": RuleCourse(while_running.r15),
    "R16": RuleCourse(while_running.r16),
    "R17": RuleCourse(controls.r17),
    "R18": RuleCourse(controls.r18),
    "R19": RuleCourse(controls.r19, units=12),
    "R20": RuleCourse(controls.r20),
    "R21": RuleCourse(controls.r21),
    "R22": RuleCourse(afterwards.r22),
    "R23": RuleCourse(afterwards.r23),
    "R24": RuleCourse(afterwards.r24),
    "R25": RuleCourse(seen_together.r25),
    "R26": RuleCourse(seen_together.r26),
    "R27": RuleCourse(seen_together.r27),
    "R28": RuleCourse(seen_together.r28),
    "R30": RuleCourse(afterwards.r30),
    "R31": RuleCourse(seen_together.r31),
    "R33": RuleCourse(while_running.r33),
    "R34": RuleCourse(while_running.r34),
    "R35": RuleCourse(controls.r35),
    "R36": RuleCourse(while_running.r36),
    "R37": RuleCourse(while_running.r37),
    "R38": RuleCourse(afterwards.r38),
    "R39": RuleCourse(afterwards.r39),
}


async def play_rules(context: DemoContext, virtual_time: VirtualTime, first_day: date) -> Protocol:
    """Plays every course to its end; returns the protocol of commands and answers."""
    protocol = Protocol()
    courses = [course.play(RuleScenario(context, protocol, rule, first_day)) for rule, course in RULES.items()]
    await interleave(courses, virtual_time.advance_to)
    await virtual_time.settle()
    return protocol


async def register_companies(environment: Environment) -> None:
    """Publishes every rule's company as the business register, and waits until offers and reporting have it."""
    async with register_of_businesses(environment) as register:
        await register.publish(unit_fact(unit) for unit in _companies())
        await register.until_taken("offers")
        await register.until_taken("reporting")


def show_protocol(console: Console, protocol: Protocol) -> None:
    """Prints every rule with its commands and answers, in the order of the rules."""
    for rule, course in RULES.items():
        console.print(f"\n[bold]{rule}[/bold] {(course.play.__doc__ or '').splitlines()[0]}")
        for line in protocol.of_rule(rule):
            console.print(f"  {line.tried}", soft_wrap=True, markup=False)
            console.print(f"      {line.answer}", soft_wrap=True, markup=False, style="dim")


def _companies() -> Sequence[UnitRegistered]:
    companies = [unit for rule, course in RULES.items() for unit in units(rule, course.units)]
    in_construction = units("R8", 3, industry="construction-building")[2]
    return [*companies, in_construction]
