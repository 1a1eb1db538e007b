"""What runs inside the sandbox: one file in, its facts as one JSON object on standard output."""

from __future__ import annotations

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from evidence.adapters.probing.draft import Draft


def _prepare() -> None:
    """Load `array` without what it asks for on loading: to be registered as a sequence with collections.abc.

    Nobody in the child asks for that, and `collections` takes longer to load than many files to read. Whoever
    needs it later (PyAV does) loads the real one.
    """
    names = ("collections", "collections.abc")
    if "array" in sys.modules or any(name in sys.modules for name in names):
        return
    for name in names:
        sys.modules[name] = _without_register(name)
    try:
        import array  # noqa: F401
    finally:
        for name in names:
            del sys.modules[name]


def _without_register(name: str) -> ModuleType:
    module = type(sys)(name)

    class MutableSequence:
        register = staticmethod(id)

    module.__dict__["MutableSequence"] = MutableSequence
    return module


def main() -> None:
    """Read the file named by the only argument, an absolute path. Exit status 0 whatever the file holds."""
    _prepare()
    from evidence.adapters.probing.reading import draft_of

    _answer(draft_of(sys.argv[1]))


def main_payload() -> None:
    """The same for the deep look into the media data: answers with a draft that holds only its damage."""
    from evidence.adapters.probing.payload import payload_draft

    _answer(payload_draft(sys.argv[1]))


def _answer(draft: Draft) -> None:
    from evidence.adapters.probing.draft import to_json

    sys.stdout.write(to_json(draft.as_json()))
    sys.stdout.flush()
    posix._exit(0)  # nothing is left to be tidied up, and tidying would take as long as some files


if __name__ == "__main__":
    main()
