"""By which names files about an export are kept."""

from __future__ import annotations

import pytest

from evidence.domain.export_names import file_name


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("杭综执〔2026〕3号", "EXP-2026-000001_杭综执〔2026〕3号_media.json"),
        ("杭综执（2026）第3-1号", "EXP-2026-000001_杭综执（2026）第3-1号_media.json"),
        (None, "EXP-2026-000001_media.json"),
        ("", "EXP-2026-000001_media.json"),
        ("../..", "EXP-2026-000001_media.json"),
        ("../a b/c\\d:e", "EXP-2026-000001_a-b-c-d-e_media.json"),
        ('1"; filename=x\r\n\u202egpj.exe', "EXP-2026-000001_1-filename-x-gpj-exe_media.json"),
        ("号" * 300, f"EXP-2026-000001_{'号' * 40}_media.json"),
    ],
)
def test_a_file_is_kept_by_export_and_case_in_what_every_disc_takes(case: str | None, name: str) -> None:
    assert file_name("EXP-2026-000001", case, "media.json") == name
