"""How is an HR export to be read, and when are two records one human? The policy's `sources`.

A file has no interface that says what its columns mean, so the policy says it. Everything here is
checked when the policy loads; intake only follows it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from shared.model.frozen import Frozen
from shared.model.name import NameUsage

CSV_FIELDS = (
    "number",
    "human_key",
    "name.initials",
    "name.given",
    "name.nickname",
    "name.birth_prefix",
    "name.birth",
    "name.partner_prefix",
    "name.partner",
    "name.usage",
    "birth_date",
    "died_on",
    "phone",
    "mobile",
    "contract.key",
    "contract.start",
    "contract.end",
    "contract.sequence",
    "contract.hours",
    "contract.fte",
    "contract.kind",
    "contract.sponsor",
    "leave.kind",
    "leave.start",
    "leave.end",
    "job.code",
    "job.name",
    "department.code",
    "department.name",
    "cost_centre.code",
    "cost_centre.name",
    "employer.code",
    "employer.name",
    "manager.number",
)
"""What a column can mean."""
AFAS_FIELDS = (
    *CSV_FIELDS,
    "contract.employment",
    "job.start",
    "job.end",
    "work_mail",
    "portal_mail",
    "user.id",
    "user.name",
    "user.upn",
    "user.mail",
    "user.self_service",
    "user.blocked",
)
"""What a field of an AFAS view can mean; the last ones are read only where they are written."""
NEEDED = ("number", "name.birth", "contract.start")
"""Without these nobody can be decided on."""
MATCH_FIELDS = ("human_key", "birth_date", "birth_name", "given", "initials")
"""What can be asked to agree before two records are one human."""
_DATE_PARTS = {"yyyy": "%Y", "mm": "%m", "dd": "%d"}


def _known(fields: Iterable[str], known: Sequence[str]) -> None:
    for field in fields:
        if field not in known:
            near = difflib.get_close_matches(field, known, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
            raise ValueError(f"there is no field '{field}'; {hint}")


def _columns(columns: Mapping[str, str]) -> Mapping[str, str]:
    _known(columns, CSV_FIELDS)
    if lacking := [field for field in NEEDED if field not in columns]:
        raise ValueError(f"no column is named for {', '.join(lacking)}")
    for field, column in columns.items():
        if not column.strip():
            raise ValueError(f"'{field}' names no column; leave it out when the file has none")
    return columns


def _field_ids(ids: Mapping[str, str | None]) -> Mapping[str, str | None]:
    _known(ids, AFAS_FIELDS)
    for field, field_id in ids.items():
        if field_id is None and field in NEEDED:
            raise ValueError(f"'{field}' is needed: name the view's field for it")
        if field_id is not None and not re.fullmatch(r"[^\s,;&]+", field_id):
            raise ValueError(f"'{field}' names no field id; write null when the view has none")
    return ids


def _one_character(delimiter: str) -> str:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ValueError('is one character between two cells, such as ";" or "\\t"')
    return delimiter


def _dates(written: str) -> str:
    strptime_format(written)
    return written


def strptime_format(written: str) -> str:
    """The format that `datetime.strptime` knows for `dd-mm-yyyy`. Raises ValueError."""
    if any(written.count(part) != 1 for part in _DATE_PARTS):
        raise ValueError("is written with yyyy, mm and dd, each once, such as dd-mm-yyyy")
    between = re.sub("yyyy|mm|dd", "", written)
    if any(character.isalnum() or character in "% " for character in between):
        raise ValueError("holds more than yyyy, mm, dd and the signs between them")
    return re.sub("yyyy|mm|dd", lambda part: _DATE_PARTS[part.group()], written)


def _alternatives(match: object) -> object:
    if match == "off":
        return match
    if not isinstance(match, list | tuple) or not match:
        raise ValueError("is off, or a list like [[human_key], [birth_date, birth_name]]")
    return tuple(_alternative(fields) for fields in match)


def _alternative(fields: object) -> tuple[str, ...]:
    if not isinstance(fields, list | tuple) or not fields:
        raise ValueError("each alternative is a list of fields, like [birth_date, birth_name]")
    for field in fields:
        if field not in MATCH_FIELDS:
            near = difflib.get_close_matches(str(field), MATCH_FIELDS, n=1, cutoff=0.5)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(MATCH_FIELDS)}"
            raise ValueError(f"no match can be made on '{field}'; {hint}")
    strong = {"birth_name", "given"} & set(fields) if "birth_date" in fields else set()
    if "human_key" not in fields and not strong:
        raise ValueError(
            f"[{', '.join(fields)}] would make one of many: an alternative names human_key, or "
            "birth_date with birth_name or given"
        )
    return tuple(fields)


class CsvLayout(Frozen):
    """How the export of an HR system without an interface is written."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    columns: Annotated[Mapping[str, str], AfterValidator(_columns)]
    """Our field to the heading of its column; a heading that the file lacks refuses the file."""
    delimiter: Annotated[str, AfterValidator(_one_character)] = ";"
    """What stands between two cells."""
    encoding: Literal["utf-8", "utf-16", "cp1252", "iso-8859-1", "iso-8859-15", "cp850"] = "utf-8"
    """How the file is encoded; one that is plainly UTF-8 is read as that."""
    dates: Annotated[str, AfterValidator(_dates)] = "dd-mm-yyyy"
    """How a date is written; a time behind it is ignored, the year 9999 is no end."""
    skip_lines: int = Field(default=0, ge=0, le=50)
    """So many lines stand above the headings."""
    name_usage: Mapping[str, NameUsage] = {one.value: one for one in NameUsage}
    """The export's codes for the surname in use: B birth name, P partner name, PB, BP."""
    empty: frozenset[str] = frozenset()
    """Texts that stand for an empty cell, such as NULL."""
    stale_after_days: int = Field(default=7, ge=1, le=366)
    """So many days without a new file, and `instroom doctor` says that the export stopped."""


class AfasLayout(Frozen):
    """How the customer's own views of AFAS differ from those that Instroom knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    fields: Mapping[str, Annotated[Mapping[str, str | None], AfterValidator(_field_ids)]] = {}
    """Per view, our field to the view's field id; null: this view has none, leave it empty."""
    departments: str | None = None
    """The view that says what each department is part of, for `department.within`."""


class Sources(Frozen):
    """What has to be known of HR systems beside their settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    afas: AfasLayout = AfasLayout()
    """Views of AFAS with other field ids than HelloID's or those of Profit_Employees."""

    csv: CsvLayout | None = None
    """The CSV export; needed when HR_SOURCES names csv."""
    match: Annotated[
        Literal["off"] | tuple[tuple[str, ...], ...], BeforeValidator(_alternatives)
    ] = (("human_key",), ("birth_date", "birth_name"))
    """When two records are certainly one human: all fields of one of these lists agree and
    nothing contradicts. Fields: human_key, birth_date, birth_name, given, initials. Or off."""
    doubtful: Literal["wait", "apart"] = "wait"
    """Whether a newcomer who may be somebody known waits for a human, or goes on apart."""

    @property
    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """The lists of fields; none when nobody is matched."""
        return () if self.match == "off" else self.match
