import pickle

from domain.errors import BeatwatchError, DecodeError, InvalidInputError, TransitionError


def test_a_decode_error_says_its_reason_first() -> None:
    error = DecodeError("truncated", "12 of 40 bytes")
    assert isinstance(error, BeatwatchError)
    assert str(error) == "truncated: 12 of 40 bytes"


def test_errors_reach_another_process_as_they_are() -> None:
    for error in (InvalidInputError("days", "must be at least 1"), TransitionError("trip", "t", "open", "shut", ["done"])):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
