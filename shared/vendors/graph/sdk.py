"""How does one request go out through msgraph-sdk? The only file that imports it.

The SDK gives authentication (with its answer to a claims challenge), transport and telemetry.
Bodies are raw JSON: its models write nulls under Python's names, and reading one costs 3 ms. Of
its middleware only telemetry is used: there is one retry loop, `shared.rest`, a redirect is no
answer of Graph's, and the others rewrite or copy what is right already, a third of every call.
"""

from __future__ import annotations

from typing import Any, cast

import httpx
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import ResponseHandlerOption
from kiota_http.observability_options import ObservabilityOptions
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]
from msgraph_core.middleware import GraphTelemetryHandler  # type: ignore[import-untyped]
from msgraph_core.middleware.options import (  # type: ignore[import-untyped]
    GraphTelemetryHandlerOption,
)

SCOPE = "https://graph.microsoft.com/.default"
_RAW = ResponseHandlerOption(NativeResponseHandler())
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class Sdk:
    """msgraph-sdk's client, as a way to send one request and get the response as it is."""

    def __init__(
        self, base_url: str, credential: Any, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        telemetry = GraphTelemetryHandler(options=options[GraphTelemetryHandlerOption.get_key()])
        self._http = GraphClientFactory.create_with_custom_middleware(
            [telemetry],
            client=httpx.AsyncClient(timeout=_TIMEOUT, transport=transport, http2=True),
        )
        adapter = GraphRequestAdapter(
            AzureIdentityAuthenticationProvider(credential, scopes=[SCOPE]), client=self._http
        )
        adapter.base_url = base_url  # without a slash at the end, or every path begins with two
        adapter.observability_options = ObservabilityOptions(include_euii_attributes=False)
        self._adapter = GraphServiceClient(request_adapter=adapter).request_adapter

    async def send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> httpx.Response:
        """Send once, with a token; raises httpx's errors, and azure.core's for the token."""
        request = RequestInformation()
        request.http_method = Method(method)
        request.url = url
        for name, value in headers.items():
            request.headers.add(name, value)
        if body is not None:
            request.set_stream_content(body, "application/json")
        request.add_request_options([_RAW])
        answer: object = await self._adapter.send_primitive_async(request, "bytes", {})
        return cast("httpx.Response", answer)

    async def close(self) -> None:
        """Give the connections back; the credential is its owner's.

        The SDK's transport has no `aclose` of its own and httpx's default closes nothing, so what
        it wraps is closed here: else each socket stays open until the process ends.
        """
        wrappers = (self._http._transport, *self._http._mounts.values())  # noqa: SLF001 - the SDK put them there
        await self._http.aclose()
        for wrapper in wrappers:
            inner = getattr(wrapper, "transport", None)
            if isinstance(inner, httpx.AsyncBaseTransport):
                await inner.aclose()
