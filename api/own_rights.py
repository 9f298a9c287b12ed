"""Nobody gives or takes away more rights than they have themselves."""

from __future__ import annotations

from api.access import Access
from domain.errors import NotAllowedError
from domain.people import PERMISSIONS, Role


def refuse_more_than_own(caller: Access, role: Role | None) -> None:
    """Raise NotAllowedError when somebody of that role may do more than the caller."""
    if role is not None and not PERMISSIONS[role] <= PERMISSIONS[caller.role]:
        raise NotAllowedError(f"{caller.role.called} may not manage {role.called}")
    if role is Role.platform_administrator and caller.role is not Role.platform_administrator:
        raise NotAllowedError("only a platform administrator may manage another")
