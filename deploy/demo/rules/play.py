"""Play one short course per rule, side by side on the virtual clock, and print what each rule said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Console

from deploy.demo.courses import Stage
from deploy.demo.play import interleave
from deploy.demo.rules import afterwards, before_answer, controls, seen_together, while_running
from deploy.demo.rules.scene import Course, Protocol, Scene, units
from deploy.local.foreign_facts import Environment, register_of_businesses, unit_fact
from deploy.local.virtual_time import VirtualTime
from shared.contracts.register import UnitRegistered


@dataclass(frozen=True)
class Told:
    """A rule's course."""

    play: Callable[[Scene], Course]
    units: int = 2


RULES: Mapping[str, Told] = {
    "R1": Told(before_answer.r1),
    "R2": Told(before_answer.r2),
    "R3": Told(before_answer.r3),
    "R4": Told(before_answer.r4),
    "R5": Told(before_answer.r5),
    "R6": Told(before_answer.r6),
    "R7": Told(before_answer.r7),
    "R8": Told(before_answer.r8),
    "R9": Told(before_answer.r9),
    "R10": Told(before_answer.r10),
    "R11": Told(while_running.r11),
    "R12": Told(while_running.r12),
    "R13": Told(while_running.r13),
    "R14": Told(while_running.r14),
    "R15": Told(while_running.r15),
    "R16": Told(while_running.r16),
    "R17": Told(controls.r17),
    "R18": Told(controls.r18),
    "R19": Told(controls.r19, units=12),
    "R20": Told(controls.r20),
    "R21": Told(controls.r21),
    "R22": Told(afterwards.r22),
    "R23": Told(afterwards.r23),
    "R24": Told(afterwards.r24),
    "R25": Told(seen_together.r25),
    "R26": Told(seen_together.r26),
    "R27": Told(seen_together.r27),
    "R28": Told(seen_together.r28),
    "R30": Told(afterwards.r30),
    "R31": Told(seen_together.r31),
    "R33": Told(while_running.r33),
    "R34": Told(while_running.r34),
    "R35": Told(controls.r35),
    "R36": Told(while_running.r36),
    "R37": Told(while_running.r37),
    "R38": Told(afterwards.r38),
    "R39": Told(afterwards.r39),
}


async def play_rules(stage: Stage, virtual_time: VirtualTime, first_day: date) -> Protocol:
    """Play every course to its end; what was tried, and what was said."""
    protocol = Protocol()
    courses = [told.play(Scene(stage, protocol, rule, first_day)) for rule, told in RULES.items()]
    await interleave(courses, virtual_time.advance_to)
    await virtual_time.settle()
    return protocol


async def register_companies(environment: Environment) -> None:
    """Let the business register publish every rule's company, and wait until offers and reporting know them."""
    async with register_of_businesses(environment) as register:
        await register.publish(unit_fact(unit) for unit in _companies())
        await register.until_taken("offers")
        await register.until_taken("reporting")


def show_protocol(console: Console, protocol: Protocol) -> None:
    """Every rule with its tries, in the order of the rules."""
    for rule, told in RULES.items():
        console.print(f"\n[bold]{rule}[/bold] {(told.play.__doc__ or '').splitlines()[0]}")
        for line in protocol.of(rule):
            console.print(f"  {line.tried}", soft_wrap=True, markup=False)
            console.print(f"      {line.answer}", soft_wrap=True, markup=False, style="dim")


def _companies() -> Sequence[UnitRegistered]:
    companies = [unit for rule, told in RULES.items() for unit in units(rule, told.units)]
    in_construction = units("R8", 3, industry="construction-building")[2]
    return [*companies, in_construction]
