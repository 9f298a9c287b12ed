"""For whom a request acts. Until people sign in, that is the one organisation of the settings; sign-in replaces `access`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from store.pool import Connection, Pool, organisation_transaction


@dataclass(frozen=True, slots=True)
class Access:
    """A caller: the organisation whose subtree may be seen, and the name that stands beside what is changed."""

    pool: Pool
    org_id: int
    actor: str

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction in which row-level security shows the caller's organisation and those below it."""
        with organisation_transaction(self.pool, self.org_id) as connection:
            yield connection


def access(request: Request) -> Access:
    """The caller of `request`."""
    state = request.app.state
    return Access(state.pool, state.org_id, "console")


Caller = Annotated[Access, Depends(access)]
