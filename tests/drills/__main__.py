"""`./dev.sh drill NAME`: the whole drills. `./dev.sh drill list` names them (docs/testing.md explains
them).
"""

from __future__ import annotations

import sys

from tests.drills import commands


def main(words: list[str]) -> int:
    """Run a drill; exit code 1 when it found a violation, 2 for an unknown name, 3 when this machine
    cannot.
    """
    name = words[0] if words else "list"
    if name == "list":
        for drill in commands.DRILLS.values():
            print(f"{drill.name}  {drill.about}")
        return 0
    if name == "all":
        return max(drill.run(words[1:]) for drill in commands.DRILLS.values())
    if name not in commands.DRILLS:
        print(f"unknown drill: {name}; ./dev.sh drill list", file=sys.stderr)
        return 2
    return commands.DRILLS[name].run(words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
