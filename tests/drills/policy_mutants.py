"""A08: mutants of the policy of access, made of its source: each condition turned or left out, each cell of
its tables the other way. tests/drills/policy_judge.py says who notices them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from evidence.adapters.db.repositories import grants, standings
from evidence.domain import access, rights
from evidence.policy import bars

# What of these modules decides about access; all of the others does.
PARTS = {
    standings: {"within", "_granted", "memberships", "runs", "_some", "_rights", "_pairs", "_standing"},
    grants: {"caller", "_opened", "_in_force"},
}
# What says no. A mutant here must be noticed without exception.
DENYING = {"obstacle", "denial", "_is_barred", "_barred", "_bar", "_is_without_standing", "bars_of", "within"}
DENYING_TABLES = {"BARRED_AS", "NOT_IF_INVOLVED", "NOT_OF_ONES_OWN", "SENSITIVE", "CHANGES"}
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.In: ast.NotIn,
    ast.Is: ast.IsNot,
    ast.Gt: ast.LtE,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
}
_TURNED |= {other: one for one, other in _TURNED.items()}
_METHODS = {"is_": "is_not", "is_not": "is_", "in_": "not_in", "not_in": "in_", "like": "not_like"}
_FUNCTIONS = {"and_": "or_", "or_": "and_", "any": "all"}


# Changes that are none, by the condition and what becomes of it; each with its reason.
EQUIVALENT = {
    ("reach.shunned is not None", "always"),  # of None nothing is shunned: no row names nobody
}


@dataclass(frozen=True)
class PolicyMutant:
    """A module's source with one fault."""

    name: str
    module: str
    denies: bool  # the fault is in what says no
    number: int | None = None  # of the fault in the module's conditions
    line: str = ""  # that is put at the module's end

    @property
    def source(self) -> str:
        """The module's source with the fault in it."""
        whole = inspect.getsource(sys.modules[self.module])
        if self.number is None:
            return f"{whole}\n{self.line}\n"
        fault = _Fault(self.number, PARTS.get(sys.modules[self.module]))
        return ast.unparse(ast.fix_missing_locations(fault.visit(ast.parse(whole))))


class _Fault(ast.NodeTransformer):
    """Puts the fault of one number into a tree, and lists all that it could have put there before that."""

    def __init__(self, number: int, parts: set[str] | None) -> None:
        self._number, self._parts = number, parts
        self._where: list[str] = []
        self.found: list[tuple[str, bool]] = []

    def _is_it(self, node: ast.AST, what: str) -> bool:
        inside = self._parts is None or bool(self._parts & set(self._where))
        if not inside:
            return False
        name = f"{'.'.join(self._where)}:{getattr(node, 'lineno', 0)} {what}"
        self.found.append((name, bool(DENYING & set(self._where))))
        return len(self.found) - 1 == self._number

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._where.append(node.name)
        node.body = [self.visit(one) for one in node.body]
        node.args.defaults = [self.visit(one) for one in node.args.defaults]
        self._where.pop()
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._where.append(node.name)
        node.body = [self.visit(one) for one in node.body]
        self._where.pop()
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        return self._condition(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        return self._condition(node)

    def _condition(self, node: ast.If | ast.IfExp) -> ast.AST:
        for what, test in (
            ("turned", ast.UnaryOp(ast.Not(), node.test)),
            ("always", ast.Constant(True)),
            ("never", ast.Constant(False)),
        ):
            if (ast.unparse(node.test), what) in EQUIVALENT:
                continue
            if self._is_it(node, f"if {what}"):
                node.test = test
                return node
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if self._is_it(node, "and/or swapped"):
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            return node
        for place in range(len(node.values)):
            if self._is_it(node, f"without operand {place}"):
                node.values.pop(place)
                return node.values[0] if len(node.values) == 1 else node
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        turned = _TURNED.get(type(node.ops[0]))
        if turned is not None and self._is_it(node, "comparison turned"):
            node.ops[0] = turned()
            return node
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not) and self._is_it(node, "not left out"):
            return node.operand
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool) and self._is_it(node, f"not {node.value}"):
            return ast.Constant(not node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.BitAnd):
            for side, left in (("left", node.left), ("right", node.right)):
                if self._is_it(node, f"only the {side} of &"):
                    return left
        return self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        for place in range(len(node.ifs)):
            if self._is_it(node.ifs[place], f"without condition {place}"):
                node.ifs.pop(place)
                return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in _METHODS:
            if self._is_it(node, f"{called.attr} turned"):
                called.attr = _METHODS[called.attr]
                return node
        elif (
            isinstance(called, ast.Name)
            and called.id in _FUNCTIONS
            and self._is_it(node, f"{called.id} swapped")
        ):
            called.id = _FUNCTIONS[called.id]
            return node
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in ("and_", "or_", "where") and len(node.args) > 1:
            for place in range(len(node.args)):
                if self._is_it(node, f"{name} without argument {place}"):
                    node.args.pop(place)
                    return node
        elif name == "where" and isinstance(called, ast.Attribute) and self._is_it(node, "without where"):
            return called.value
        if name == "Reach":
            for place in range(len(node.keywords)):
                if self._is_it(node, f"without {node.keywords[place].arg}"):
                    node.keywords.pop(place)
                    return node
        return self.generic_visit(node)


def mutants() -> list[PolicyMutant]:
    """Return all mutants."""
    made = [*_tables()]
    for module, parts in ((access, None), (bars, None), *PARTS.items()):
        made += _conditions(module, parts)
    return made


def _conditions(module: ModuleType, parts: set[str] | None) -> Iterator[PolicyMutant]:
    none = _Fault(-1, parts)
    none.visit(ast.parse(inspect.getsource(module)))
    short = module.__name__.rsplit(".", 1)[1]
    for number, (name, denies) in enumerate(none.found):
        yield PolicyMutant(f"{short}.{name}", module.__name__, denies, number)


def _tables() -> Iterator[PolicyMutant]:
    """Each cell of the tables of rights.py the other way."""

    def mutant(label: str, line: str, denies: bool = False) -> PolicyMutant:
        return PolicyMutant(f"rights.{label}", rights.__name__, denies, line=line)

    for table, keys in (("ALLOWED", rights.Role), ("OWN", rights.OWN), ("BY_KIND", rights.BY_KIND)):
        for key in keys:  # type: ignore[attr-defined]
            place = f"{type(key).__name__}({key.value!r})"
            for action in rights.Action:
                cell = f"{{**{table}, {place}: {table}[{place}] ^ {{Action({action.value!r})}}}}"
                yield mutant(f"{table}[{key.value}] {action.value}", f"{table} = {cell}")
    for table in (
        *sorted(DENYING_TABLES - {"BARRED_AS"}),
        "ABOUT_RECORDINGS",
        "CASE_RIGHTS",
        "EMERGENCY_RIGHTS",
        "TOKEN_SCOPES",
    ):
        for action in rights.Action:
            line = f"{table} = {table} ^ {{Action({action.value!r})}}"
            yield mutant(f"{table} {action.value}", line, table in DENYING_TABLES)
    for action in rights.BARRED_AS:
        line = f"BARRED_AS = {{one: act for one, act in BARRED_AS.items() if one.value != {action.value!r}}}"
        yield mutant(f"BARRED_AS without {action.value}", line, denies=True)
