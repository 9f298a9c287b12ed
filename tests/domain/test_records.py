"""Records made by way of a draft are the very same as those made by their own constructor."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from domain.records import drafted


@dataclass(frozen=True, slots=True)
class Parcel:
    parcel_id: str
    weight_kg: float = 1.0
    notes: dict[str, str] = field(default_factory=dict)


def test_a_drafted_record_is_the_same_as_one_made_by_its_constructor() -> None:
    made = drafted(Parcel)("p1", weight_kg=2.5)

    assert type(made) is Parcel
    assert made == Parcel("p1", 2.5)
    assert repr(made) == repr(Parcel("p1", 2.5))
    assert pickle.loads(pickle.dumps(made)) == made
    assert replace(made, weight_kg=1.0) == Parcel("p1")


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        drafted(Parcel)("p1").weight_kg = 3.0  # type: ignore[misc]


def test_each_gets_defaults_of_its_own() -> None:
    make = drafted(Parcel)

    make("p1").notes["left"] = "with a neighbour"

    assert make("p2").notes == {}


def test_what_the_constructor_does_not_take_is_refused() -> None:
    with pytest.raises(TypeError):
        drafted(Parcel)()  # type: ignore[call-arg]
