"""What AFAS may answer instead of everybody, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.errors import InstroomError, Permanent, TargetDown, Transient
from shared.intake.afas import AfasSource, Views
from shared.intake.afas_fields import CONTRACT, PERSON
from shared.vendors.afas import MAX_QUERY, PAGE, Afas

SAMPLES = Path(__file__).parents[2] / "samples"
FUNCTIONAL = (SAMPLES / "afas-2.6-functional-error.json").read_text(encoding="utf-8")
UNAVAILABLE = (SAMPLES / "afas-2.6-unavailable.json").read_text(encoding="utf-8")
TOKEN = "CD" * 32

type Answer = Callable[[httpx.Request], httpx.Response]


def rows(count: int, first: int = 0, key: str = "Medewerker") -> list[dict[str, Any]]:
    return [{key: str(number)} for number in range(first, first + count)]


def page(found: list[dict[str, Any]]) -> httpx.Response:
    return httpx.Response(200, json={"skip": 0, "take": PAGE, "rows": found})


def is_late(request: httpx.Request) -> bool:
    return request.url.params["skip"] != "0"


def once(found: list[dict[str, Any]]) -> Answer:
    """One page, and nothing behind it."""
    return lambda request: page([] if is_late(request) else found)


async def read(answer: Answer) -> list[Any]:
    afas = Afas("http://afas.test/ProfitRestServices", TOKEN, httpx.MockTransport(answer))
    try:
        return [row async for row in afas.rows("View", ("Medewerker",), key=("Medewerker",))]
    finally:
        await afas.close()


async def refusal(answer: Answer) -> InstroomError:
    with pytest.raises(InstroomError) as caught:
        await read(answer)
    assert TOKEN not in str(caught.value)
    return caught.value


def always(status: int, body: str = "", **headers: str) -> Answer:
    content = body.encode(errors="surrogatepass")
    return lambda _request: httpx.Response(status, content=content, headers=headers)


async def test_pages_are_asked_in_order_until_one_is_empty() -> None:
    asked: list[tuple[str, str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        given = request.url.params
        asked.append((given["skip"], given["take"], given["orderbyfieldids"]))
        skip = int(given["skip"])
        return page(rows(max(0, min(PAGE, 2 * PAGE + 3 - skip)), skip))

    found = await read(answer)

    assert [row for (row,) in found] == [str(n) for n in range(2 * PAGE + 3)]
    starts = [0, PAGE, 2 * PAGE, 2 * PAGE + 3]
    assert asked == [(str(start), str(PAGE), "Medewerker") for start in starts]


async def test_page_that_stops_short_is_not_the_end() -> None:
    """Only an empty one is: a server may give fewer rows than asked for."""

    def answer(request: httpx.Request) -> httpx.Response:
        skip = int(request.url.params["skip"])
        return page(rows(max(0, min(40, 100 - skip)), skip))

    assert len(await read(answer)) == 100


async def test_repeated_page_is_an_error_and_no_data() -> None:
    error = await refusal(lambda _: page(rows(PAGE)))

    assert isinstance(error, Transient)
    assert f"View, page from row {PAGE}: repeats a row" in str(error)


async def test_page_that_overlaps_the_one_before_is_an_error() -> None:
    error = await refusal(lambda r: page(rows(PAGE, max(0, int(r.url.params["skip"]) - 1))))

    assert isinstance(error, Transient)


async def test_rows_without_a_key_are_malformed_and_stop_nobody() -> None:
    found = await read(once([{}, {"Medewerker": None}, *rows(2)]))

    assert len(found) == 4


@pytest.mark.parametrize(
    "body",
    [
        '{"rows": [{"Medewerker": "1"}, {"Medew',
        "",
        "<html>maintenance</html>",
        "[]",
        "{}",
        '{"rows": null}',
        '{"rows": {}}',
        '{"rows": [1]}',
        '"rows"',
        "[" * 100_000,
        '{"rows": [{"Medewerker": ' + "1" * 5000 + "}]}",
        "\ud800",
    ],
)
async def test_cut_or_odd_body_is_never_an_empty_answer(body: str) -> None:
    assert isinstance(await refusal(always(200, body)), Transient)


async def test_decimals_without_their_nought_are_read() -> None:
    """News of Profit 7: earlier versions wrote -.5 where it writes -0.5."""
    first = always(
        200, '{"rows": [{"Medewerker": .5}, {"Medewerker":-.25}, {"Medewerker": "a: .5"}]}'
    )

    found = await read(lambda request: once([])(request) if is_late(request) else first(request))

    assert found == [(0.5,), (-0.25,), ("a: .5",)]


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_token_says_what_to_mend(status: int) -> None:
    error = await refusal(always(status))

    assert isinstance(error, TargetDown)
    assert "AFAS_TOKEN" in str(error)


async def test_unknown_view_is_settings_to_mend() -> None:
    error = await refusal(always(404))

    assert isinstance(error, Permanent)
    assert error.mender == "settings"
    assert "View" in str(error)


async def test_functional_error_tells_the_reference_to_look_up() -> None:
    """500 is AFAS' normal answer to a wrong question: asking again helps nobody."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500, text=FUNCTIONAL)

    error = await refusal(answer)

    assert isinstance(error, Permanent)
    assert "3A4CA18A611A4E07B429AC6BAFC6B8D1" in str(error)
    assert len(asked) == 1


@pytest.mark.parametrize("body", ["", "[]", '"x"', '{"externalMessage": null}', "<html>"])
async def test_error_of_any_shape_is_an_error_of_ours(body: str) -> None:
    assert isinstance(await refusal(always(500, body)), Permanent | Transient)


async def test_maintenance_says_in_its_body_how_long() -> None:
    error = await refusal(always(503, UNAVAILABLE))

    assert isinstance(error, Transient)
    assert error.retry_after_seconds == 7200


async def test_proxy_says_it_in_the_header() -> None:
    error = await refusal(always(503, "busy", **{"Retry-After": "90"}))

    assert isinstance(error, Transient)
    assert error.retry_after_seconds == 90


@pytest.mark.parametrize("retry_after", ['"soon"', "null", "[]", "{}", "-1", "true"])
async def test_odd_retry_after_is_no_reason_to_fall_over(retry_after: str) -> None:
    error = await refusal(always(503, f'{{"retry_after": {retry_after}}}'))

    assert isinstance(error, Transient)


async def test_short_maintenance_is_waited_for() -> None:
    answers = [httpx.Response(503, json={"retry_after": 0}), page(rows(1)), page([])]

    assert len(await read(lambda _: answers.pop(0))) == 1


async def test_lost_connection_is_asked_again() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            raise httpx.ReadError("lost")
        return once(rows(1))(request)

    assert len(await read(answer)) == 1


async def test_token_and_questions_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)

    await read(once(rows(1)))
    await refusal(always(500, FUNCTIONAL))

    assert "CDCD" not in caplog.text
    assert "orderbyfieldids" not in caplog.text


async def test_probe_names_the_fields_that_the_view_lacks() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"fields": [{"id": "Medewerker"}, {"id": "Roepnaam"}, 7]})

    afas = Afas("http://afas.test", TOKEN, httpx.MockTransport(answer))
    with pytest.raises(Permanent) as caught:
        await AfasSource(afas, Views("Mijn_personen", "Mijn_contracten", "Gewijzigd")).probe()
    await afas.close()

    assert caught.value.mender == "settings"
    assert caught.value.reason.startswith("AFAS view Mijn_personen lacks Geboortenaam, ")
    assert "Roepnaam" not in caught.value.reason
    assert "sources.afas.fields.Mijn_personen" in caught.value.reason


async def test_few_numbers_are_asked_at_a_time() -> None:
    """A query of more than 2,049 characters is answered with 404."""
    queries: list[int] = []
    fields = {"fields": [{"id": f.helloid} for f in (*PERSON, *CONTRACT)] + [{"id": "Gewijzigd"}]}

    def answer(request: httpx.Request) -> httpx.Response:
        if "metainfo" in request.url.path:
            return httpx.Response(200, json=fields)
        queries.append(len(request.url.query))
        by_log = request.url.params["filterfieldids"] == "Gewijzigd"
        shown = by_log and request.url.path.endswith("P") and not is_late(request)
        return page(rows(300, 10**14) if shown else [])

    afas = Afas("http://afas.test", TOKEN, httpx.MockTransport(answer))
    source = AfasSource(afas, Views("P", "C", "Gewijzigd"))
    found = [r async for r in source.changed_since(datetime(2026, 11, 2, tzinfo=UTC))]
    await afas.close()

    assert found == []
    assert len(queries) == 3 + 2 * 8
    assert max(queries) < MAX_QUERY


@pytest.mark.parametrize(
    ("moment", "asked"),
    [
        ("2026-10-25T00:30:00+00:00", "2026-10-25T02:30:00"),
        ("2026-10-25T01:30:00+00:00", "2026-10-25T02:30:00"),
        ("2026-03-29T01:30:00+00:00", "2026-03-29T03:30:00"),
        ("2028-02-28T23:30:00+00:00", "2028-02-29T00:30:00"),
    ],
)
async def test_poll_asks_in_local_time_over_clock_changes(moment: str, asked: str) -> None:
    """The hour that comes twice is asked from its first time on: too many is fine."""
    values: list[str] = []
    fields = {"fields": [{"id": f.helloid} for f in (*PERSON, *CONTRACT)] + [{"id": "Gewijzigd"}]}

    def answer(request: httpx.Request) -> httpx.Response:
        if "metainfo" in request.url.path:
            return httpx.Response(200, json=fields)
        values.append(request.url.params["filtervalues"])
        return page([])

    afas = Afas("http://afas.test", TOKEN, httpx.MockTransport(answer))
    source = AfasSource(afas, Views("P", "C", "Gewijzigd"))
    found = [one async for one in source.changed_since(datetime.fromisoformat(moment))]
    await afas.close()

    assert found == []
    assert values == [asked, asked]
