"""What is typed for a network that is shown: a text of the grammar, or a name of the zoo."""

from __future__ import annotations

from striate.errors import UsageError
from striate.grammar.plan import Plan
from striate.verbs.plan import plan


def bound(text: str, given: str | None = None) -> Plan:
    """A plan that says how large its input is, or is told by `given`, as "3x32x32".

    >>> bound("lenet5").receptive_field
    (32, 32)
    """
    found = plan(text, given)
    if not isinstance(found, Plan):
        raise UsageError(
            f"{text[:60]} is a module; here only plans can be shown",
            f"`striate plan {text[:60]}` gives its table with all fields",
        )
    _ = found.nodes  # says so where the input is missing
    return found
