"""Sets one document, as a program of its own: an order in JSON on stdin, the PDF on stdout.

The typesetter keeps what it made of the last documents, ten deep, and that of a long report is hundreds of
MiB; it has no call that lets go of it. A process that ends gives all of it back. Nothing of ours is imported
here: it is run by its path, apart from the environment (`python -I`).
"""

import json
import sys
from pathlib import Path

import typst

FAILED = 3


def main() -> int:
    """Set what is ordered; what is wrong with it goes to stderr."""
    order = json.load(sys.stdin.buffer)
    folder = Path(order["folder"])
    try:
        made = typst.compile(
            folder / f"{order['template']}.typ",
            root=folder,
            font_paths=[Path(order["fonts"])],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards="a-2b",
            sys_inputs=order["inputs"],
            timestamp=order["timestamp"],
        )
    except typst.TypstError as problem:
        sys.stderr.write(str(problem))
        return FAILED
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
