"""Rules on trial: evaluated beside those in force, told, and without weight.

On trial are the `shadow` rules of the set in force, and all rules of a staged set that are not in force as they stand
there: new ones, and those whose conditions were changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.program import Program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rules.ruleset import RuleSet


class ShadowRules:
    """The rules on trial, compiled for batches; false when there are none.

    `versions` names the set in force and the staged one, if there is one.
    """

    def __init__(self, in_force: RuleSet, staged: RuleSet | None) -> None:
        self.versions = (in_force.version, None if staged is None else staged.version)
        live = {rule.id: rule.when for rule in in_force.rules if rule.active}
        trial = {rule.id: rule.when for rule in in_force.rules if not rule.active}
        if staged is not None:
            trial |= {rule.id: rule.when for rule in staged.rules if live.get(rule.id) != rule.when}
        self.ids = tuple(trial)
        self._program = Program.of(trial.values())

    def __bool__(self) -> bool:
        return bool(self.ids)

    def hits(self, rows: NDArray[np.float64]) -> list[tuple[str, ...]]:
        """Name for each of n rows of shape [n, F] the rules on trial that would have hit it."""
        return self._program.names(rows, self.ids)[1]
