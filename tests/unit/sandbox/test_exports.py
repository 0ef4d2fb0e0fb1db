from __future__ import annotations

from datetime import date
from pathlib import Path

from sandbox.exports import Exports

TODAY = date(2026, 11, 25)


def test_an_export_says_everybody_and_the_newcomer(tmp_path: Path) -> None:
    exports = Exports(tmp_path / "new", TODAY)
    exports.add("Lotte", "ten", "Tijde", TODAY)
    file = exports.write("externen.csv")
    lines = file.read_text(encoding="utf-8").splitlines()

    assert lines[0].startswith("Nummer;Roepnaam;")
    assert len(lines) == 1 + 4
    assert lines[-1].startswith("4;Lotte;L.;ten;Tijde;25-11-2026;25-11-2027;extern;")


def test_nothing_unfinished_is_left_beside_it(tmp_path: Path) -> None:
    Exports(tmp_path, TODAY).write("externen.csv")

    assert [path.name for path in tmp_path.iterdir()] == ["externen.csv"]


def test_a_file_may_have_rested(tmp_path: Path) -> None:
    exports = Exports(tmp_path, TODAY)
    fresh = exports.write("a.csv").stat().st_mtime

    assert exports.write("b.csv", rested=True).stat().st_mtime < fresh - 30
