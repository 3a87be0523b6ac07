"""The next release that is kept has a case in every phase: a new phase class needs a standing, and that a course."""

from collections import Counter
from typing import Any

import pytest

from shared.eventstore.decider import Decider
from tests.upgrade.courses import COURSES
from tests.upgrade.kept_release import KeptRelease, kept_releases
from tests.upgrade.standings import STANDINGS, SUBJECTS, phase_classes


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: str(subject.name))
def test_every_phase_has_a_standing(subject: Decider[Any, Any]) -> None:
    phases = phase_classes(subject)
    assert phases
    assert {standing.phase for standing in STANDINGS if standing.subject is subject} == phases


def test_every_standing_has_a_course_of_its_own_name() -> None:
    assert [standing.name for standing in STANDINGS] == list(dict.fromkeys(standing.name for standing in STANDINGS))
    assert set(COURSES) == {standing.name for standing in STANDINGS}


@pytest.mark.parametrize("release", kept_releases(), ids=lambda release: str(release.folder.name))
def test_a_kept_release_has_a_case_in_every_phase_that_it_had(release: KeptRelease) -> None:
    manifest = release.manifest
    cases = Counter((case.subject, case.phase) for case in manifest.cases)
    phases = {(subject, phase) for subject, streams in manifest.streams_by_phase.items() for phase in streams}
    assert set(cases) == phases


def test_a_release_is_kept() -> None:
    assert "release-2026-11" in {release.folder.name for release in kept_releases()}
