"""The unmodified msgraph-sdk against the rig: create, read, change, group, batch, errors."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.user import User
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient

from sandbox.graph import GraphTenant, make_app

# The SDK's generated modules warn about themselves while they are imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BASE = "http://127.0.0.1:8092/v1.0"


class AnyToken:
    """The credential of somebody whose token nobody looks at."""

    async def get_token(self, *_scopes: str, **_more: Any) -> AccessToken:
        return AccessToken("synthetic", int(time.time()) + 3600)

    async def close(self) -> None:
        return None


@pytest.fixture
async def sdk(tenant: GraphTenant) -> AsyncIterator[GraphServiceClient]:
    transport = httpx.ASGITransport(make_app(tenant))
    async with httpx.AsyncClient(transport=transport) as http:
        factory = importlib.import_module("msgraph_core").GraphClientFactory  # it has no types
        client = factory.create_with_default_middleware(client=http, options=options)
        provider = AzureIdentityAuthenticationProvider(
            AnyToken(),  # type: ignore[arg-type]
            scopes=["https://graph.microsoft.com/.default"],
        )
        adapter = GraphRequestAdapter(provider, client=client)
        adapter.base_url = BASE
        yield GraphServiceClient(request_adapter=adapter)


def person(alias: str = "anna") -> User:
    return User(
        account_enabled=True,
        display_name=alias.title(),
        mail_nickname=alias,
        user_principal_name=f"{alias}@bedrijf.example",
        employee_id="1042",
        password_profile=PasswordProfile(password="Zomer-2026-regen"),
    )


async def test_the_sdk_creates_reads_changes_and_groups(
    sdk: GraphServiceClient, tenant: GraphTenant, group_id: str
) -> None:
    made = await sdk.users.post(person())
    assert made is not None
    assert made.id is not None
    one = sdk.users.by_user_id(made.id)

    await one.patch(User(department="Zorg"))
    await sdk.groups.by_group_id(group_id).members.ref.post(
        ReferenceCreate(odata_id=f"{BASE}/directoryObjects/{made.id}")
    )
    read = await one.get()
    members = await sdk.groups.by_group_id(group_id).members.get()

    assert read is not None
    assert members is not None
    assert read.display_name == "Anna"
    assert [type(each).__name__ for each in members.value or ()] == ["User"]
    assert tenant.users[made.id]["department"] == "Zorg"
    assert tenant.users[made.id]["employeeId"] == "1042"


async def test_the_sdk_reads_the_details_of_a_conflict(sdk: GraphServiceClient) -> None:
    made = await sdk.users.post(person())
    assert made is not None

    with pytest.raises(ODataError) as caught:
        await sdk.users.post(person())

    error = caught.value.error
    assert error is not None
    assert caught.value.response_status_code == 400
    assert [(each.code, each.target) for each in error.details or ()] == [
        ("ObjectConflict", "userPrincipalName"),
        ("ConflictingObjects", f"User_{made.id}"),
    ]
    assert error.inner_error is not None
    assert error.inner_error.request_id


async def test_the_sdks_way_of_clearing_by_attribute_is_found_out(
    sdk: GraphServiceClient,
) -> None:
    made = await sdk.users.post(person())
    assert made is not None
    change = User()
    change.mobile_phone = None

    with pytest.raises(ODataError, match="Invalid property 'mobile_phone'"):
        await sdk.users.by_user_id(str(made.id)).patch(change)


async def test_raw_json_goes_through_the_sdks_adapter(
    sdk: GraphServiceClient, tenant: GraphTenant
) -> None:
    made = await sdk.users.post(person())
    assert made is not None
    send = raw(sdk)

    await send(Method.PATCH, f"/users/{made.id}", {"employeeId": None})
    step = {"id": "1", "method": "GET", "url": f"/users/{made.id}?$select=employeeId"}
    answer = await send(Method.POST, "/$batch", {"requests": [step]})

    (response,) = json.loads(answer)["responses"]
    assert (response["status"], response["body"]["employeeId"]) == (200, None)
    assert tenant.users[str(made.id)]["employeeId"] is None


async def test_the_sdks_own_spelling_of_paths_is_understood(
    sdk: GraphServiceClient, tenant: GraphTenant, group_id: str
) -> None:
    made = await sdk.users.post(person())
    assert made is not None
    user_id = str(made.id)
    tenant.add_member(group_id, user_id)

    cast = await sdk.users.by_user_id(user_id).member_of.graph_group.get()
    delta = await sdk.users.delta.get()
    await sdk.users.by_user_id(user_id).revoke_sign_in_sessions.post()
    await sdk.users.by_user_id(user_id).delete()
    deleted = await sdk.directory.deleted_items.graph_user.get()
    item = sdk.directory.deleted_items.by_directory_object_id(user_id)
    restored = await item.restore.post()

    assert cast is not None
    assert delta is not None
    assert deleted is not None
    assert restored is not None
    assert [each.id for each in cast.value or ()] == [group_id]
    assert [each.id for each in delta.value or ()] == [user_id]
    assert [each.id for each in deleted.value or ()] == [user_id]
    assert restored.id == user_id
    assert tenant.members(group_id) == (user_id,)


def raw(sdk: GraphServiceClient) -> Callable[..., Any]:
    async def send(method: Method, path: str, body: object) -> bytes:
        request = RequestInformation(method, BASE + path, {})
        request.headers.try_add("Content-Type", "application/json")
        request.content = json.dumps(body).encode()
        adapter: Any = sdk.request_adapter  # its base class says that nothing is returned
        answer = await adapter.send_primitive_async(request, "bytes", {})
        return answer if isinstance(answer, bytes) else b""

    return send
