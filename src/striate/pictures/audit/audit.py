"""Look at every picture of a dataset once, find copies, and say what a person should know."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple, final

from striate.pictures.audit import findings
from striate.pictures.audit.audit_crew import SECONDS, read_all
from striate.pictures.audit.copies import Copies, find
from striate.pictures.audit.facts import Facts
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.files import DEFAULT, Rules


class Progress(NamedTuple):
    """How far a long work is; `done` of `total` pictures."""

    what: str
    done: int
    total: int


@final
@dataclass(frozen=True, eq=False)
class Audit:
    """What was seen. `findings` holds the dataset's own too, errors first."""

    dataset: Dataset
    facts: Facts
    copies: Copies
    findings: tuple[Finding, ...]

    @property
    def is_wrong(self) -> bool:
        """Whether training on this would be wrong."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """Path and reason of each file that could not be read, in the order of the dataset."""
        return [
            (self.dataset.paths[int(i)], self.facts.reasons[int(i)]) for i in self.facts.refused
        ]


def audit(
    dataset: Dataset, rules: Rules = DEFAULT, *, skip_bad: bool = False, seconds: float = SECONDS
) -> Generator[Progress, None, Audit]:
    """Yield progress, and return the audit. With `skip_bad` unreadable files are a warning, not an
    error.
    """
    facts = Facts.empty(len(dataset))
    for done in read_all(dataset, facts, rules, seconds):
        yield Progress("reading pictures", done, len(dataset))
    yield Progress("looking for copies", len(dataset), len(dataset))
    copies = find(facts)
    found = (*dataset.findings, *findings.of(dataset, facts, copies, skip_bad))
    rank = {"error": 0, "warning": 1, "note": 2}
    return Audit(dataset, facts, copies, tuple(sorted(found, key=lambda one: rank[one.severity])))
