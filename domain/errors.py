"""One root for every refusal, so that one place can turn any of them into a message or a problem document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class BeatwatchError(Exception):
    """Root of all errors that Beatwatch raises on purpose.

    `code` is stable and machine readable; the message is a sentence for a person that says what to do.
    """

    code: ClassVar[str] = "error"

    def __reduce__(self) -> tuple[Any, ...]:
        """As it is, to another process: not through an initialiser that makes the message of other arguments."""
        return _as_it_was, (type(self), self.args), self.__dict__


def _as_it_was(kind: type[BeatwatchError], args: tuple[Any, ...]) -> BeatwatchError:
    error = kind.__new__(kind)
    error.args = args
    return error


class DecodeError(BeatwatchError):
    """A payload that no reading can be made of.

    `reason` is a stable code such as `truncated`, `bad_checksum`, `not_json`, `missing_field`, `out_of_range`.
    """

    code = "undecodable"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class InvalidInputError(BeatwatchError):
    """A value given by a person or a program breaks a rule; `field` is its path, such as `stops.3.window_end`."""

    code = "invalid_input"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class NotFoundError(BeatwatchError):
    """There is no such thing, or it is not the caller's to see."""

    code = "not_found"

    def __init__(self, kind: str, identifier: str = "", hint: str = "") -> None:
        super().__init__(f"no {kind}" + (f" {identifier!r}" if identifier else "") + (f": {hint}" if hint else ""))
        self.kind = kind
        self.identifier = identifier


class ConflictError(BeatwatchError):
    """The request contradicts what is stored, such as a transition that its life cycle does not allow."""

    code = "conflict"


class TransitionError(ConflictError):
    """A life cycle does not lead from the present state to the wanted one; `allowed` names those it does lead to."""

    code = "wrong_transition"

    def __init__(self, kind: str, identifier: str, state: str, wanted: str, allowed: Sequence[str]) -> None:
        may_be = f"may become {', '.join(allowed)}" if allowed else "stays that"
        super().__init__(f"{kind} {identifier!r} is {state} and cannot become {wanted}; it {may_be}")
        self.state = state
        self.allowed = tuple(allowed)


class CreditError(ConflictError):
    """An order goes beyond its outlet's credit limit; `credit` has the figures."""

    code = "credit_limit"

    def __init__(self, outlet_id: str, credit: Mapping[str, float]) -> None:
        owed = f"{credit['open_balance']:.2f} unpaid and {credit['open_orders']:.2f} on order"
        limit = f"outlet {outlet_id!r} has a credit limit of {credit['credit_limit']:.2f} with {owed}"
        super().__init__(
            f"{limit}: this order of {credit['order_value']:.2f} goes {credit['excess']:.2f} beyond it;"
            " ask for an approval of kind credit_limit"
        )
        self.credit = dict(credit)


class OutdatedError(BeatwatchError):
    """Somebody else changed the thing since it was read."""

    code = "outdated"


class TooManyRequestsError(BeatwatchError):
    """The caller has used up what it may ask for; after `wait_s` there is more."""

    code = "too_many_requests"

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many requests; try again in {wait_s:.1f} s")
        self.wait_s = wait_s


class UnderWayError(ConflictError):
    """The same request is being carried out: ask again in a while."""

    code = "under_way"


class UnavailableError(BeatwatchError):
    """A server that is needed (database, broker) cannot be reached or started."""

    code = "unavailable"


class MigratedError(UnavailableError):
    """The schema was migrated under a transaction, which is undone. The same again, from the start, finds the new one."""


class SettingsError(BeatwatchError):
    """A setting or the environment makes it impossible to start."""

    code = "settings"


class NotSignedInError(BeatwatchError):
    """Nobody is signed in, or the token given is unknown, spent or expired."""

    code = "not_signed_in"


class NotAllowedError(BeatwatchError):
    """Whoever asks may not do this."""

    code = "not_allowed"


class TooLargeError(BeatwatchError):
    """What was sent is larger than what is kept."""

    code = "too_large"


class UnsupportedContentError(BeatwatchError):
    """What was sent is of a kind that is not kept."""

    code = "unsupported_content"
