"""Where packs come from: shipped by name, or the operator's file or folder; never half a pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.adapters.packs import KNOWN_ZONES, citation_text, load_pack, load_path, shipped_packs
from evidence.errors import PolicyError
from tests.policy.packs import GOOD, broken


def test_three_packs_ship_each_under_its_own_name() -> None:
    shipped = shipped_packs()
    assert list(shipped) == ["dazhe-2020", "inner-mongolia", "longquan", "strict"]
    assert all(packs.id == name for name, packs in shipped.items())
    assert load_pack("strict") == shipped["strict"]


def test_a_file_and_a_folder_of_versions_are_read_by_their_path(tmp_path: Path) -> None:
    (tmp_path / "1.toml").write_text(broken("from = 2020-12-03", "from = 2020-12-03\nto = 2023-01-01"))
    second = broken('version = "1"', 'version = "2"').replace("2020-12-03", "2023-01-01")
    (tmp_path / "2.toml").write_text(second)
    (tmp_path / "notes.txt").write_text("not a pack")
    assert [pack.version for pack in load_pack(tmp_path).packs] == ["1", "2"]
    assert [pack.version for pack in load_pack(tmp_path / "2.toml").packs] == ["2"]


def test_a_shipped_name_wins_over_a_folder_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strict").mkdir()
    (tmp_path / "strict" / "weak.toml").write_text(GOOD)
    monkeypatch.chdir(tmp_path)
    assert load_pack("strict").id == "strict"
    assert load_pack("./strict").id == "here"


@pytest.mark.parametrize("name", ["", "dazhe", "no/such.toml"])
def test_what_is_neither_a_pack_nor_a_path_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError):
        load_pack(name)


def test_a_folder_in_the_place_of_a_file_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").mkdir()
    with pytest.raises(PolicyError) as caught:
        load_path(tmp_path)
    assert (caught.value.fields["reason"], caught.value.fields["file"]) == (
        "unreadable",
        str(tmp_path / "odd.toml"),
    )


def test_a_time_zone_that_the_machine_cannot_compute_with_is_refused(tmp_path: Path) -> None:
    assert "Asia/Shanghai" in KNOWN_ZONES
    for zone in ("Asia", "Asia/Nowhere", "../Asia/Shanghai", "GMT+25:00"):
        assert zone not in KNOWN_ZONES
    file = tmp_path / "here.toml"
    file.write_text(broken("Asia/Shanghai", "Asia/Nowhere"))
    with pytest.raises(PolicyError) as caught:
        load_path(file)
    assert (caught.value.fields["reason"], caught.value.fields["line"]) == ("unknown-time-zone", 5)


def test_brackets_without_end_are_a_fault_of_the_pack_and_not_of_the_reader(tmp_path: Path) -> None:
    file = tmp_path / "deep.toml"
    file.write_text("a = " + "[" * 100_000)
    with pytest.raises(PolicyError):
        load_path(file)


def test_a_citation_is_written_with_instrument_and_article() -> None:
    assert (
        citation_text("dazhe-2020:12", None)
        == "《大柘镇人民政府行政执法音像记录管理制度》第十二条 / dazhe-2020:12"
    )
    assert citation_text("other:1", None) == "other:1"


@pytest.mark.article("longquan:7", "dazhe-2020:9.1")
def test_what_a_pack_takes_over_from_elsewhere_is_said_to_be_adopted_and_never_the_law_of_the_place() -> None:
    longquan, dazhe = load_pack("longquan").latest, load_pack("dazhe-2020").latest
    own = citation_text("longquan:7", longquan)
    assert own == "《龙泉市医疗保障局执法音像记录管理制度》第七条 / longquan:7"
    rule = "《大柘镇人民政府行政执法音像记录管理制度》第九条第一款"
    assert citation_text("dazhe-2020:9.1", longquan) == f"参照采用{rule} / adopted from dazhe-2020:9.1"
    assert citation_text("dazhe-2020:9.1", dazhe) == f"{rule} / dazhe-2020:9.1"
    union = citation_text("xinping-2022-aux:20", dazhe)  # which only the strictest pack has
    assert union.startswith("参照采用《")
    assert union.endswith("第二十条 / adopted from xinping-2022-aux:20")
    assert citation_text("xinping-2022-aux:20", load_pack("strict").latest) == union.replace(
        "参照采用", ""
    ).replace("adopted from ", "")
