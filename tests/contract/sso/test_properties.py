"""Whatever the policy says: after a set-up the plan is empty, and the set-up has done the plan."""

from __future__ import annotations

import asyncio
import re

from contract.sso.sso_stage import OPERATORS, USERS, SsoStage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.policy.sso import Sso, SsoRealm
from shared.sso.plan import plan
from shared.sso.read import read
from shared.sso.wanted import Wanted, wanted

BASE = "https://voorbeeld.topdesk.net"
_THUMBPRINT = re.compile(r" [0-9A-F]{40}$")
"""Of a certificate; not known before it is made."""
_addresses = st.sampled_from([f"{BASE}/een", f"{BASE}/twee", f"{BASE}/saml/drie?x=1"])
_realms = st.builds(
    SsoRealm,
    identifier=_addresses,
    groups=st.lists(st.sampled_from([OPERATORS, USERS]), min_size=1, max_size=2, unique=True).map(
        tuple
    ),
    reply_url=st.none() | _addresses,
    sign_on_url=st.none() | _addresses,
    logout_url=st.none() | _addresses,
    my_apps=st.booleans(),
)
_policies = st.builds(
    Sso,
    topdesk=st.just(BASE),
    notify=st.lists(
        st.sampled_from(["a@x.example", "b@x.example"]), min_size=1, max_size=2, unique=True
    ).map(tuple),
    login=st.sampled_from(["userprincipalname", "mail"]),
    certificate_days=st.integers(90, 1095),
    secure=_realms,
)


async def _set_up_one_after_another(doors: list[Wanted]) -> None:
    stage = SsoStage()
    for door in doors:
        graph = stage.desk().graph
        left = plan(door, await read(graph, door))
        stage.told.clear()
        await stage.setup(door)

        assert not plan(door, await read(graph, door))
        assert [_THUMBPRINT.sub("", told) for told in stage.told] == [
            _THUMBPRINT.sub("", str(change)) for change in left.changes
        ]
    await stage.close()
    assert len(stage.tenant.enterprise.applications.current) == 1


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_policies, min_size=1, max_size=3))
def test_plan_of_a_finished_setup_is_empty(policies: list[Sso]) -> None:
    doors = [door for sso in policies for door in wanted(sso)]

    asyncio.run(_set_up_one_after_another(doors))
