"""Life cycles declared as data: states, what may follow each, and what somebody must be allowed to bring it about."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from domain.errors import NotAllowedError, TransitionError
from domain.people import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeCycle:
    """The states of one kind of thing. A state that nothing follows is final."""

    kind: str
    first: str
    follows: Mapping[str, tuple[str, ...]]  # state -> states that may come next
    needs: Mapping[str, Permission] = field(default_factory=dict)  # to enter a state, where it is not `usually`
    usually: Permission = Permission.plan

    def __post_init__(self) -> None:
        named = {self.first, *self.needs, *(after for those in self.follows.values() for after in those)}
        if unknown := sorted(named - self.follows.keys()):
            raise ValueError(f"the life cycle of {self.kind} has no state {unknown[0]!r}")

    @property
    def states(self) -> tuple[str, ...]:
        """All of them, in the order of their declaration."""
        return tuple(self.follows)

    def next_states(self, state: str) -> tuple[str, ...]:
        """What may follow `state`."""
        return self.follows.get(state, ())

    def needed(self, state: str) -> Permission:
        """What somebody must be allowed to bring a thing into `state`."""
        return self.needs.get(state, self.usually)

    def check(self, identifier: str, state: str, wanted: str, permissions: Set[Permission]) -> None:
        """Raise TransitionError, naming what may follow, or NotAllowedError when somebody else has to do it."""
        if wanted not in self.next_states(state):
            raise TransitionError(self.kind, identifier, state, wanted, self.next_states(state))
        needed = self.needed(wanted)
        if needed not in permissions:
            raise NotAllowedError(f"to bring {self.kind} {identifier!r} to {wanted} one has to be allowed to {needed.value}")
