"""A renamed source or measure keeps its history, also where the renaming broke off midway."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from orchestration.declarations import read_declarations
from orchestration.declarations.tree import DeclarationError
from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.ingest.rename import follow_renames
from orchestration.ingest.tidy import OBSERVATION_SCHEMA
from orchestration.place import Place
from tests.unit.ingest.town import Town, settle

HEAD = "Jahr;Viertel;Fälle\n"


def delivered(folder: Path) -> Town:
    town = settle(folder)
    town.deliver(
        {
            "fall_2021-01-31.csv": f"{HEAD}2020;0101;5\n2020;9999;7\n2020;0201;9\n",
            "fall_2021-02-28.csv": f"{HEAD}2020;0101;6\n2020;0102;7\n",
        }
    )
    for entry in town.ledger():
        checks = pl.DataFrame({"source_id": ["fall"], "delivery_id": [entry.delivery_id]})
        path = town.place.judged / "fall" / f"{entry.delivery_id}.{entry.fingerprint}.parquet"
        lake.write_parquet(checks, path)
    return town


def renamed(town: Town, **changes: Any) -> Town:
    """The town after its contract got another id and a new name for its measure."""
    folder = town.place.folder
    contract = yaml.safe_load((folder / "sources" / "fall.yml").read_text(encoding="utf-8"))
    contract |= {"id": "vorgang", "was": ["fall"]} | changes
    (folder / "sources" / "fall.yml").unlink()
    path = folder / "sources" / "vorgang.yml"
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    return Town(read_declarations(folder), town.place)


def kept(place: Place) -> dict[str, Any]:
    """Everything in the store, by path; tables as rows."""
    return {
        path.relative_to(place.folder).as_posix(): pl.read_parquet(path).rows()
        if path.suffix == ".parquet"
        else path.read_bytes()
        for path in sorted((place.folder / "store").rglob("*"))
        if path.is_file()
    }


def follow(town: Town) -> int:
    return follow_renames(town.place, town.declarations.sources["vorgang"])


def test_everything_counts_for_the_new_id(tmp_path: Path) -> None:
    town = delivered(tmp_path)
    before, aside = town.ledger(), town.aside(town.ledger()[0])
    observed = [lake.observations(town.place, one).collect() for one in before]
    arrived = lake.arrivals(town.place)
    town = renamed(town)

    assert follow(town) == 2

    after = town.ledger()
    assert [one.delivery_id.split("-") for one in after] == [
        ["vorgang", one.delivery_id.split("-")[1]] for one in before
    ]
    assert {one.source_id for one in after} == {"vorgang"}
    changed = {"source_id", "delivery_id"}
    for one, other, was in zip(after, before, observed, strict=True):
        assert lake.arrivals(town.place)[one.delivery_id] == arrived[other.delivery_id]
        now = lake.observations(town.place, one).collect()
        assert now.drop(changed).equals(was.drop(changed))
        assert now.schema == pl.Schema(OBSERVATION_SCHEMA)
        assert set(now.select("source_id", "delivery_id").unique().rows()) == {
            ("vorgang", one.delivery_id)
        }
        checks = town.place.judged / "vorgang" / f"{one.delivery_id}.{one.fingerprint}.parquet"
        assert pl.read_parquet(checks).rows() == [("vorgang", one.delivery_id)]
    assert town.aside(after[0]) == aside
    path = town.place.quarantined / "vorgang" / f"{after[0].delivery_id}.parquet"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not [path for path in kept(town.place) if "/fall" in path]


def test_following_twice_changes_nothing(tmp_path: Path) -> None:
    town = renamed(delivered(tmp_path))
    follow(town)
    before = kept(town.place)
    assert follow(town) == 0
    assert kept(town.place) == before


def test_renamed_source_reads_on_and_knows_its_files(tmp_path: Path) -> None:
    town = renamed(delivered(tmp_path))
    follow(town)
    inbox = town.place.inbox
    (inbox / "fall").rename(inbox / "vorgang")
    (inbox / "vorgang" / "fall_2021-03-31.csv").write_text(f"{HEAD}2020;0101;8\n", encoding="utf-8")
    arrived = lake.arrivals(town.place)
    take_in(town.declarations, town.declarations.sources["vorgang"], town.place)
    assert [one.file_name for one in town.ledger()] == [
        "fall_2021-01-31.csv",
        "fall_2021-02-28.csv",
        "fall_2021-03-31.csv",
    ]
    assert arrived.items() <= lake.arrivals(town.place).items()


@pytest.mark.parametrize("step", range(14))
def test_broken_off_anywhere_the_next_call_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    town = renamed(delivered(tmp_path / "town"))
    shutil.copytree(town.place.folder, tmp_path / "other")
    other = Town(town.declarations, Place(tmp_path / "other"))
    follow(other)

    left = step
    unlink, move = Path.unlink, Path.replace

    def dies(of: Any) -> Any:
        def call(self: Path, *arguments: Any, **options: Any) -> Any:
            nonlocal left
            if not self.name.startswith(".") or of is move:
                left -= 1
                if left < 0:
                    raise KeyboardInterrupt
            return of(self, *arguments, **options)

        return call

    monkeypatch.setattr(Path, "unlink", dies(unlink))
    monkeypatch.setattr(Path, "replace", dies(move))
    with pytest.raises(KeyboardInterrupt):
        follow(town)
    # Whatever was known stays known: every delivery is there under one id or both.
    monkeypatch.undo()
    whole = [
        entry.sha256
        for entry in town.ledger()
        if lake.observations(town.place, entry).collect().height == entry.observations
    ]
    assert len(set(whole)) == 2

    follow(town)

    assert kept(town.place) == kept(other.place)


def test_renamed_measure_keeps_observations_without_their_originals(tmp_path: Path) -> None:
    town = delivered(tmp_path)
    measure = {"id": "vorgaenge", "was": ["faelle"], "name": "V", "unit": "Fälle", "kind": "flow"}
    layouts = [
        one.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        for one in town.declarations.sources["fall"].layouts
    ]
    layouts[0]["values"][0]["measure"] = "vorgaenge"
    town = renamed(town, measures=[measure], layouts=layouts)
    assert follow(town) > 0
    for entry in town.ledger():
        rows = lake.observations(town.place, entry).collect()
        assert rows["measure_id"].unique().to_list() == ["vorgaenge"]
    assert follow(town) == 0


def test_an_earlier_id_may_not_be_in_use(tmp_path: Path) -> None:
    town = delivered(tmp_path)
    contract = yaml.safe_load((tmp_path / "sources" / "fall.yml").read_text(encoding="utf-8"))
    measure = dict(contract["measures"][0], id="zweite", was=["faelle", "alt"])
    third = dict(measure, id="dritte", was=["alt"])
    contract |= {"was": ["fall"], "measures": [*contract["measures"], measure, third]}
    path = tmp_path / "sources" / "fall.yml"
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        read_declarations(town.place.folder)
    told = str(caught.value)
    assert "was[0]: found 'fall', but that source is still declared" in told
    assert "measures[1].was[0]: found 'faelle', but that measure is still declared" in told
    assert "measures[2].was[0]: found 'alt', but 'zweite' says it was that, too" in told


def test_a_name_that_is_gone_leads_to_the_new_one(tmp_path: Path) -> None:
    town = delivered(tmp_path)
    contract = yaml.safe_load((tmp_path / "sources" / "fall.yml").read_text(encoding="utf-8"))
    contract["measures"][0] |= {"id": "ganz_anders", "was": ["faelle"]}
    contract["layouts"][0]["values"][0]["measure"] = "ganz_anders"
    path = tmp_path / "sources" / "fall.yml"
    path.write_text(yaml.safe_dump(contract, allow_unicode=True), encoding="utf-8")
    (tmp_path / "indicators").mkdir()
    indicator = {
        "id": "faelle_im_jahr",
        "department": "amt",
        "name": "Fälle",
        "meaning": "Fälle im Jahr",
        "unit": "Fälle",
        "formula": {"kind": "count", "numerator": [{"measure": "faelle"}]},
    }
    (tmp_path / "indicators" / "faelle_im_jahr.yml").write_text(json.dumps(indicator))
    with pytest.raises(DeclarationError, match="'faelle', which nobody declares; it is called 'ga"):
        read_declarations(town.place.folder)
