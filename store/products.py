"""Which of the products that somebody named are none."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import InvalidInputError
from store import records
from store.catalogue import PRODUCT
from store.pool import Connection


def no_product(connection: Connection, org_id: int, field: str, named: Sequence[str]) -> InvalidInputError:
    """What to tell whoever named products of which the database knows at least one not."""
    known = records.find_all(connection, PRODUCT, org_id, named)
    unknown = [name for name in dict.fromkeys(named) if name not in known]
    return InvalidInputError(field, f"there is no product {', '.join(map(repr, unknown))}")
