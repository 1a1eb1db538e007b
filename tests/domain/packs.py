"""A pack for tests of pure rules: the numbers of the issue, with citations that name themselves."""

from __future__ import annotations

from datetime import date, timedelta

from evidence.policy.rules import (
    Citation,
    Continuity,
    LongTerm,
    MandatoryLabels,
    NoEditing,
    Pack,
    RetentionFloor,
    UploadDeadline,
)


def _cite(name: str) -> Citation:
    return Citation(f"test:{name}", "第一条", "测试", "Test", name, name)


def a_pack(
    tolerance: timedelta = timedelta(seconds=1), same_activity: timedelta = timedelta(minutes=30)
) -> Pack:
    """Return a pack in force since 2000; its continuity and no-editing rules cite themselves."""
    continuity, editing, other = _cite("continuity"), _cite("no-editing"), _cite("other")
    return Pack(
        id="test",
        version="1",
        title_zh="测试",
        title_en="Test",
        in_force_from=date(2000, 1, 1),
        in_force_to=None,
        time_zone="Asia/Shanghai",
        upload_deadline=UploadDeadline(
            timedelta(hours=24), timedelta(hours=2), timedelta(minutes=5), (other,)
        ),
        continuity=Continuity(tolerance, same_activity, (), (continuity,)),
        retention=RetentionFloor(1, (other,)),
        long_term=LongTerm((), (other,)),
        labels=MandatoryLabels((), (other,)),
        no_editing=NoEditing((editing,)),
        auxiliary_bars=(),
        citations=(continuity, editing, other),
    )
