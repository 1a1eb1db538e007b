"""`./dev.sh drill NAME|all`: `drill list` names them, `drill probe` says what this machine can inject
(docs/testing.md explains both).
"""

from __future__ import annotations

import sys

from tests.drills import capabilities, commands, register, runner


def main(words: list[str]) -> int:
    """Run what is asked for; exit code 1 when it found a violation, 2 for an unknown name, 3 when this
    machine cannot, or a part was skipped.
    """
    name, *rest = words or ["list"]
    if name == "list":
        print("\n".join(f"{one.number:<5} {one.what}" for one in register.entries().values()))
        print("\nby their commands, with all options (drill NAME --help):")
        print("\n".join(f"{one.name:<7} {one.about}" for one in commands.DRILLS.values()))
        return 0
    if name == "probe":
        print("\n".join(capabilities.show()))
        return 0
    if name == "table":
        page = register.on_page(register.PAGE.read_text("utf-8"))
        if "--write" in rest:
            register.PAGE.write_text(page, "utf-8")
        else:
            print(register.table())
        return 0
    if name in commands.DRILLS and "--form" not in rest and "--quick" not in rest:
        return commands.DRILLS[name].run(rest)
    return runner.run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
