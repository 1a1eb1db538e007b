"""What every staging must do; a backend's test module inherits `StagingContract` and gives its fixture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from storage.errors import BadKey, Damaged, Exists, Missing, StagingBusy, StoreUnavailable
from storage.staging import Staging, StagingWriter
from tests.contracts.samples import begun

BAD_IDS = ["", ".", "..", "a/b", "../a", "a.part", "a b", "a\0", "a\n", "文件", "x" * 101]


def written(staging: Staging, upload_id: str) -> bytes:
    """The bytes as the vault would find them."""
    return staging.path(upload_id).read_bytes()


class StagingContract:
    """Inherit and give the fixture `staging`, fresh and empty."""

    def test_chunks_follow_each_other_and_sync_says_what_is_durable(self, staging: Staging) -> None:
        staging.create("u")
        with begun(staging, "u", 0) as writer:
            writer.write(b"abc")
            assert (writer.position, writer.durable) == (3, 0)
            assert writer.sync() == 3
            writer.write(memoryview(bytearray(b"..defg.."))[2:6])
            writer.write(b"")
            assert (writer.position, writer.durable) == (7, 3)
            assert writer.sync() == writer.durable == 7
        assert (written(staging, "u"), staging.size("u")) == (b"abcdefg", 7)

    def test_large_buffers_are_written_whole(self, staging: Staging) -> None:
        body = bytes(range(256)) * (1 << 16)
        staging.create("u")
        with begun(staging, "u", 0) as writer:
            writer.write(memoryview(body))
            assert writer.sync() == len(body)
        assert written(staging, "u") == body

    def test_a_new_writer_first_cuts_to_the_committed_offset(self, staging: Staging) -> None:
        staging.create("u")
        with begun(staging, "u", 0) as writer:
            writer.write(b"committed, then not")
        with begun(staging, "u", 9) as writer:
            assert (staging.size("u"), writer.position) == (9, 9)
            writer.write(b"!")
            assert writer.sync() == 10
        assert written(staging, "u") == b"committed!"

    def test_a_file_shorter_than_the_committed_offset_is_damage(self, staging: Staging) -> None:
        staging.create("u")
        with begun(staging, "u", 0) as writer:
            writer.write(b"abc")
            writer.sync()
        with pytest.raises(Damaged):
            begun(staging, "u", 4)
        assert written(staging, "u") == b"abc"
        begun(staging, "u", 3).close()  # the refusal let go of the upload

    def test_a_wrong_chunk_is_cut_off_again(self, staging: Staging) -> None:
        staging.create("u")
        with begun(staging, "u", 0) as writer:
            writer.write(b"good")
            writer.sync()
            writer.write(b"bad bytes")
            writer.sync()
            writer.cut(4)
            assert (writer.position, writer.durable, staging.size("u")) == (4, 4, 4)
            for offset in (-1, 5):
                with pytest.raises(ValueError):
                    writer.cut(offset)
            writer.write(b" again")
            writer.sync()
        assert written(staging, "u") == b"good again"

    def test_a_negative_offset_is_refused(self, staging: Staging) -> None:
        staging.create("u")
        with pytest.raises(ValueError):
            begun(staging, "u", -1)

    def test_an_upload_has_one_writer_at_a_time(self, staging: Staging) -> None:
        staging.create("u")
        staging.create("other")
        with begun(staging, "u", 0) as writer, begun(staging, "other", 0):
            writer.write(b"abc")
            for act in (lambda: begun(staging, "u", 0), lambda: staging.remove("u")):
                with pytest.raises(StagingBusy):
                    act()
            assert writer.sync() == 3  # the refused one has cut nothing
        begun(staging, "u", 3).close()

    def test_uploads_are_discarded_together_and_others_stay(self, staging: Staging) -> None:
        for name in ("a", "b", "other"):
            staging.create(name, b"bytes")
        writers = [staging.writer(name) for name in ("a", "b")]
        staging.discard(writers)
        assert [one.upload_id for one in staging.census()] == ["other"]
        with pytest.raises(StoreUnavailable):
            staging.discard(writers)
        staging.discard([])
        staging.create("a")  # the name is free, and nobody holds it
        begun(staging, "a", 0).close()

    def test_of_eight_threads_one_gets_the_writer(self, staging: Staging) -> None:
        staging.create("u")
        start = Barrier(8)

        def open_it(_: int) -> StagingWriter | None:
            start.wait()
            try:
                return begun(staging, "u", 0)
            except StagingBusy:
                return None

        for _ in range(20):
            with ThreadPoolExecutor(8) as pool:
                winners = [writer for writer in pool.map(open_it, range(8)) if writer]
            assert len(winners) == 1
            winners[0].close()

    def test_a_closed_writer_writes_no_more(self, staging: Staging) -> None:
        staging.create("u")
        writer = begun(staging, "u", 0)
        writer.close()
        writer.close()
        for act in (lambda: writer.write(b"x"), writer.sync, lambda: writer.cut(0)):
            with pytest.raises(StoreUnavailable):
                act()
        assert staging.size("u") == 0

    def test_an_upload_is_created_once(self, staging: Staging) -> None:
        staging.create("u")
        with begun(staging, "u", 0) as writer:
            writer.write(b"abc")
        with pytest.raises(Exists):
            staging.create("u")
        assert written(staging, "u") == b"abc"

    def test_an_upload_made_with_its_first_bytes_holds_them_and_goes_on_behind(
        self, staging: Staging
    ) -> None:
        staging.create("u", b"first")
        assert written(staging, "u") == b"first"
        with pytest.raises(Exists):
            staging.create("u", b"other")
        with begun(staging, "u", 5) as writer:
            writer.write(b", then more")
            assert writer.sync() == 16
        assert written(staging, "u") == b"first, then more"

    def test_a_removed_upload_is_gone_and_its_id_is_free(self, staging: Staging) -> None:
        staging.create("u")
        staging.remove("u")
        for ask in (staging.path, staging.size, staging.remove, lambda upload: begun(staging, upload, 0)):
            with pytest.raises(Missing):
                ask("u")
        assert list(staging.census()) == []
        staging.create("u")

    @pytest.mark.parametrize("upload_id", BAD_IDS)
    def test_an_id_that_is_no_id_is_refused_everywhere(self, staging: Staging, upload_id: str) -> None:
        acts = (
            staging.create,
            staging.path,
            staging.size,
            staging.remove,
            lambda upload: begun(staging, upload, 0),
        )
        for act in acts:
            with pytest.raises(BadKey):
                act(upload_id)
        assert list(staging.census()) == []

    def test_the_census_names_every_upload(self, staging: Staging) -> None:
        for upload_id in ("b", "A-1_z", "c"):
            staging.create(upload_id)
        with begun(staging, "c", 0) as writer:
            writer.write(b"abc")
        found = [(staged.upload_id, staged.size_bytes, staged.sealed) for staged in staging.census()]
        assert found == [("A-1_z", 0, False), ("b", 0, False), ("c", 3, False)]

    def test_it_knows_how_much_space_is_left(self, staging: Staging) -> None:
        assert staging.free_bytes() > 0
