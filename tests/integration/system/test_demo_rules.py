"""`./aftale demo rules` plays every rule's course as it says: what was tried, and what the rule answered."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo.courses import DemoContext
from deploy.demo.rules.play import RULES, play_rules, register_companies, show_protocol
from deploy.demo.rules.rule_scenario import Protocol
from deploy.local.cli import RULES_BEGIN
from deploy.local.foreign_facts import order_system
from shared.deadlines.copenhagen import local_day
from tests.integration.system.running_system import running_system

SAID: Mapping[str, Sequence[str]] = {
    "R1": (
        r"not valid: body.cvr is not a CVR number: .* \(R1\); body.observations .* at least 1 character",
        "refused by R1: The register knows no unit with P-number 1234567890.",
        "recorded OfferSent",
        r"Aftalen er frivillig\.",
    ),
    "R2": (
        "refused by R2: A violation that is found leads to .*",
        "refused by R2: A spread agreement is offered only where .* Here it is given as: immediate order.",
        "refused by R2: The work process must exist in at least one other unit or department.",
        "recorded OfferSent",
    ),
    "R3": (
        r"The last day is Tuesday 31 March 2026, .* 4 weeks from Tuesday 3 March 2026, .* Rule R3, .*",
        "recorded DeliveryCorrected",
    ),
    "R4": (
        "recorded DeliveryFailed",
        "None; mend-delivery",
        r"sent again by itself 1 time\(s\)",
        "recorded OfferResent",
        "recorded OfferDelivered",
    ),
    "R5": ("tasks: offer-unanswered", "recorded OfferUnderstandingAsked", "tasks: none"),
    "R6": (
        r"refused by R6: The answer came after the deadline, which was 31 March 2026\. "
        r"The last day is Tuesday 31 March 2026, until 23:59 Danish time\. "
        r"The deadline is 4 weeks from Tuesday 3 March 2026, .* Rule R3, policy 2024-01-01\.",
        "lapsed",
    ),
    "R7": (
        "recorded Declined",
        "recorded Declined",
        "resume_inspection by inspector",
        "issue_order by order-system",
        "recorded InvestigationConcluded, OrderRequested",
        "recorded InvestigationConcluded",
        "refused by R7: The offer from which this one is said to follow was of another legal entity, unit or topic.",
        "recorded OfferSent",
    ),
    "R8": (
        r"refused by R8: The unit with P-number \d{10} already has an open offer or agreement on the topic Need.*",
        "recorded OfferSent",
        "refused by R8: No agreements are offered in the industry Construction and demolition of buildings.",
    ),
    "R9": ("recorded Withdrawn", "refused by R9: The offer is not open: it is accepted."),
    "R10": (
        "refused by R10: A period of 4 months needs a reason.",
        "404: It was not found, or you have no access to it. .*",
        "refused by R10: Whoever accepts confirms having read .* A spread agreement includes at least one other .*",
        "refused by R10: A spread agreement includes at least one other unit or department. Name it.",
        "refused by R10: The register knows no unit with P-number 1234567890.",
        "recorded Accepted",
        r"The last day is Wednesday 3 June 2026, .* 3 months from Tuesday 3 March 2026, .* Rule R10, .*",
    ),
    "R11": (
        "no: An agreement on topic 013 runs at unit .* until 2026-06-03: .*",
        "yes: No agreement on topic 056 runs at unit .*",
    ),
    "R12": (
        r"The last day is Tuesday 7 April 2026, .* 31 days \(1/3 of the period\) .* \(Good Friday\), .* Rule R12, .*",
        "refused by R12: Say who took part in the guidance.",
        "recorded GuidanceHeld",
        "tasks: .*guidance-overdue, look-into-guidance",
        "recorded GuidanceOffered",
        "recorded GuidanceDeclined",
    ),
    "R13": (
        "refused by R13: Nobody has asked for a longer deadline.",
        "refused by R13: 2 April 2026 is not later than the present deadline, 3 June 2026.",
        "recorded ExtensionRequested",
        "recorded ExtensionGranted",
        "The last day is Friday 3 July 2026, .* extended on 3 March 2026 .*; before, the last day was 3 June 2026.*",
    ),
    "R14": ("recorded Terminated", "refused by R14: .*: the agreement is terminated.", "terminated"),
    "R15": (
        "recorded OfferReassigned",
        "recorded InspectorChanged, ControlBooked",
        r"still on 2026-0[345]-\d\d, in the other calendar",
    ),
    "R16": (
        "refused by R16: The topic Needless noise, .* is not psychosocial, so its measures have no level .*",
        r"not valid: body.measures.0.kind is not a kind of measure; .* \(R16\)",
        "recorded DocumentationReceived",
        "recorded DocumentationReceived",
        "refused by R16: The topic Large amount of work and time pressure is psychosocial. Say of each measure .*",
        "recorded DocumentationReceived",
        "substitution on level 4",
    ),
    "R17": (
        r"refused by R17: No control is booked at the place of the unit with P-number \d{10}.",
        r"a control is booked by itself for 2026-0[67]-\d\d",
        "refused by R17: 10 August 2026 is after 2 August 2026 and needs a reason: Season, .*",
        "recorded ControlBooked",
    ),
    "R18": (
        r"the inspector sees 2026-0\d-\d\d, the company sees None",
        "refused by R18: A control that is held by phone needs one of these reasons: .*",
        "recorded ControlBooked",
        "recorded AnnouncedControlCancelled, ControlBooked",
        "ControlBooked, AnnouncedControlCancelled",
    ),
    "R19": (
        "3 of 12 are to be controlled",
        r"refused by R19: The place where the violation was found \(P-number \d{10}\) is always in the sample\. .*",
        r"refused by R19: The place at the unit with P-number \d{10} was drawn, so it stays in the sample\.",
        "recorded SampleChosen",
    ),
    "R20": (
        "refused by R20: It is not said whether these measures are in use: Technical aid.",
        "recorded ControlCompleted, OtherFindingRecorded, Fulfilled",
        "fulfilled",
    ),
    "R21": (
        "recorded ControlTurnedIntoGuidance",
        "refused by R21: On problems of the group Psychosocial .* guidance does not become the control.",
        "recorded FreshInvestigationNeeded",
        r"running, a new control on 2026-\d\d-\d\d",
    ),
    "R22": (
        "recorded ControlCompleted, Breached, HearingOpened",
        "refused by R22: The company is heard before the order.",
        r"refused by R8: The unit with P-number \d{10} is in quarantine until the end of \d+ \w+ 2027, .*",
        "recorded OfferSent",
        "recorded HearingAnswered",
        "refused by R22: The hearing is over.",
        "recorded OrderRequested",
        r"of \d{10}, 2027-0[345]-\d\d",
        "tasks: order-overdue",
    ),
    "R23": (".* ikke et påbud og ikke en afgørelse, .* påvirker ikke jeres smiley.", "is_a_decision: False"),
    "R24": (
        r"refused by R24: The follow-up is held from \d+ (March|April|May) 2027 on\.",
        "tasks: follow-up-due",
        "refused by R24: It is not said whether these measures are in use: Technical aid.",
        "recorded FollowUpHeld",
    ),
    "R25": (
        "issued; comply_with_order by company until 2026-05-02",
        "appealed; decide_appeal by authority",
        "complied_with; nothing more",
    ),
    "R26": (
        "running; offer_guidance by inspector until 2026-04-07",
        "issued; comply_with_order by company until 2026-05-02",
    ),
    "R27": (
        r"Sidste dag er onsdag den 3\. juni 2026, .* Regel R10, regelsæt 2024-01-01\.",
        r"The last day is Wednesday 3 June 2026, .* Rule R10, policy 2024-01-01\.",
    ),
    "R28": ("recorded DeliveryCorrected", r"lapsed, recorded 1 time\(s\)"),
    "R30": (
        "breached",
        "recorded ControlCorrected, DecisionRevoked, Fulfilled",
        r"fulfilled; the history keeps \d\d facts",
        "recorded OfferSent",
    ),
    "R31": (r"1 part\(s\), 0 files", "observations: None; all facts are still there"),
    "R33": ("recorded GuidanceHeld", "3 rows by sector, industry and group"),
    "R34": (
        "not valid: body.role .*",
        "recorded ContactNamed",
        "recorded ContactNamed",
        "safety_representative: Bo Holm",
        "offer-waiting, guidance-offered, control-announced, result",
    ),
    "R35": (
        "refused by R35: Say why the measure “Technical aid” is not in use.",
        "recorded ControlCompleted, Fulfilled",
        "verified True, not_in_use: in-the-way",
    ),
    "R36": (
        r"not valid: body.reason is not a reason for declining; .* \(R36\)",
        "recorded Declined",
        "recorded Declined",
    ),
    "R37": (
        "recorded TimeSpent",
        "recorded TimeSpent",
        "recorded TimeCorrected",
        "agreement guidance 10, agreement investigation 120, agreement offer 30",
    ),
    "R38": (r"technical-aid by \d companies", "0 rows"),
    "R39": ("recorded ControlCompleted, Fulfilled",),
}
"""What every try is answered with, in the order of the course. Ids and days that the calendar picks are left open."""


@pytest.mark.rule("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12")
@pytest.mark.rule("R13", "R14", "R15", "R16", "R17", "R18", "R19", "R20", "R21", "R22", "R23", "R24")
@pytest.mark.rule("R25", "R26", "R27", "R28", "R30", "R31", "R33", "R34", "R35", "R36", "R37", "R38", "R39")
async def test_every_rule_has_a_course_and_says_in_it_what_it_must(
    postgres_dsn: str, kafka: str, tmp_path: Path
) -> None:
    assert list(RULES) == [f"R{number}" for number in (*range(1, 29), 30, 31, *range(33, 40))] == list(SAID)
    async with running_system(postgres_dsn, kafka, tmp_path, together=True, begins=RULES_BEGIN) as system:
        await register_companies(system)
        async with order_system(system) as orders:
            stage = DemoContext(system.people, orders, system.time.settle, lambda _: None)
            protocol = await play_rules(stage, system.time, local_day(RULES_BEGIN) + timedelta(days=1))
    differences = {
        rule: (expected, said)
        for rule, expected in SAID.items()
        if not _is_as_expected(expected, said := [line.answer for line in protocol.of_rule(rule)])
    }
    assert differences == {}
    assert len(protocol.lines) == sum(map(len, SAID.values())), "no line belongs to a rule that is not shown"

    kept = tmp_path / "rules-played"
    protocol.save(kept)
    shown = StringIO()
    show_protocol(Console(file=shown, width=160), Protocol.read(kept))
    words = shown.getvalue()
    places = [words.index(f"\n{rule} ") for rule in RULES]
    assert places == sorted(places), "every rule is shown, in the order of the rules"
    assert all(line.tried in words and line.answer in words for line in protocol.lines)


def _is_as_expected(expected: Sequence[str], said: Sequence[str]) -> bool:
    return len(expected) == len(said) and all(map(re.fullmatch, expected, said))
