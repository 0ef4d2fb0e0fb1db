"""Under which name is an account created? One that is free in the register, kept until it stands.

The name goes into the target row before the create, so that whoever serves next creates under it
first; what Entra refuses is not tried again by this worker.
"""

from __future__ import annotations

from shared.errors import Permanent
from shared.flow.service import Service
from shared.model.desired import DesiredEntra, DesiredTopdesk
from shared.model.person import PersonId
from shared.plan.names import candidates

USER_PRINCIPAL_NAME = "upn"
EMPLOYEE_ID = "employeeid"


async def choose(
    service: Service,
    person_id: PersonId,
    want: DesiredEntra | DesiredTopdesk,
    trying: str | None,
    refused: frozenset[str],
) -> str:
    """The user principal name to create with; "" for a target that has none.

    Raises Permanent when the employee id is another person's, or every name is taken.
    """
    if isinstance(want, DesiredTopdesk):
        return ""
    if not await service.ledger.names.reserve(EMPLOYEE_ID, want.employee_id, person_id):
        raise Permanent(
            "the employeeId is another person's already; give each source its own pattern "
            "under employee_id in the policy",
            mender="policy",
        )
    if trying and trying not in refused:
        return trying
    for name in candidates(want.names, want.domain, otherwise=want.employee_id):
        if name in refused:
            continue
        if await service.ledger.names.reserve(USER_PRINCIPAL_NAME, name, person_id):
            return name
    raise Permanent("every user name that the policy allows is taken", mender="policy")
