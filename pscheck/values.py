"""What an expression holds, as far as the text shows it: the members that may be asked of it.

A Kind is the union of what every assignment can give, followed through foreach, pipelines and CIM calls. ``members``
is None where nothing can be seen; a name asked of such a value is then checked against the vocabulary of the whole
text (see members.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from . import programs, tables
from .tree import Call, Named, Node, before, constant, elements, entries, name_of, plain, read_call, variables

_ITEM_BY_KEY = ("System.Collections.Hashtable", "System.Collections.Specialized.OrderedDictionary")
_SAME = {"where-object", "sort-object", "tee-object"}
_MANY = {"ArrayExpression", "ArrayLiteral", "Hashtable"}
_AS_IT_IS = {"VariableExpression", "UsingExpression", "ConvertExpression", "BinaryExpression", "Command"}
_BLOCKS = {"StatementBlock", "NamedBlock", "CatchClause", "ScriptBlock"}


@dataclass(frozen=True)
class Kind:
    """``name`` for messages; ``members``: lower-case name -> (spelling, type of the value or "").

    ``said``: why it is a text of Windows' own language, where it is one (see localised.py). ``texts``: every constant
    that it can be, where all are seen. ``nodes``: the literal tables and blocks that it can be. ``many``: it is a list
    in any case, never a lone object.
    """

    name: str
    members: dict[str, tuple[str, str]] | None = None
    element: Kind | None = None
    said: str = ""
    texts: frozenset[str] | None = None
    nodes: tuple[Node, ...] = ()
    many: bool = False

    def saying(self, said: str) -> Kind:
        """The same, as what Windows says in its language."""
        return replace(self, said=said) if said else self

    def member(self, name: str) -> tuple[str, str] | None:
        """The member of that name, whatever its case."""
        return (self.members or {}).get(name.lower())

    def gives(self, name: str) -> Kind:
        """What the member of that name holds."""
        _, result = self.member(name) or ("", "")
        return (self.element or UNKNOWN) if result == "ELEMENT" else net_type(result)


UNKNOWN = Kind("unknown")
JSON = Kind("json")  # a value somewhere inside a JSON document
JSON_ROOT = Kind("input")  # what ConvertFrom-Json gives: its names are those of the variables it fills
NOTHING = Kind("nothing", {})


def join(kinds: Iterable[Kind]) -> Kind:
    """One kind for "this or that": all members of all; unknown as soon as one of them is."""
    real = [kind for kind in kinds if kind.name != NOTHING.name]
    if len(real) < 2:
        return real[0] if real else NOTHING
    said = next((kind.said for kind in real if kind.said), "")
    texts = [kind.texts for kind in real if kind.texts is not None]
    seen = frozenset[str]().union(*texts) if len(texts) == len(real) else None
    nodes = tuple(dict.fromkeys(node for kind in real for node in kind.nodes))
    # An input replaces a default of the same kind: the default tells what it is.
    real = [kind for kind in real if kind.name not in (JSON.name, JSON_ROOT.name)] or real
    if unseen := next((kind for kind in real if kind.members is None), None):
        return replace(unseen, said=said, texts=seen, nodes=nodes)
    members = {lower: member for kind in real for lower, member in (kind.members or {}).items()}
    element = next((kind.element for kind in real if kind.element is not None), None)
    return Kind(" or ".join(dict.fromkeys(kind.name for kind in real)), members, element, said, seen, nodes)


def record(name: str, keys: Iterable[str], base: str = "") -> Kind:
    """A record with the given property names, beside the members of the .NET type ``base``."""
    return Kind(name, (net_type(base).members or {}) | {key.lower(): (key, "") for key in keys})


@cache
def full_name(name: str) -> str | None:
    """The full name of a .NET type, a PowerShell accelerator resolved; None if the table lacks it."""
    lower = name.lower().split("[")[0].split("`")[0]
    accelerators = {key.lower(): str(value) for key, value in tables.types()["accelerators"].items()}
    known = {full.lower(): str(full) for full in tables.types()["types"]}
    return accelerators.get(lower) or known.get(lower) or known.get(f"system.{lower}")


@cache
def net_type(name: str, static: bool = False) -> Kind:
    """The members of a .NET type of types.yml ("Name -> Type" gives the type of the value)."""
    full = full_name(name)
    if full is None or full == "System.Void":
        return NOTHING if full else UNKNOWN
    entry = tables.types()["types"][full]
    words = [str(word).partition(" -> ") for word in entry.get("static" if static else "members", [])]
    members = {spelled.lower(): (spelled, result) for spelled, _, result in words}
    if static:
        members["new"] = ("new", full)
    has_count = "count" in members
    return Kind("open", many=has_count) if entry.get("open") else Kind(full, members, many=name.endswith("[]"))


def native_name(name: str) -> str | None:
    """The table's name of a native tool, whatever path and ending it is called by; None if it is no such tool."""
    bare = name.replace("/", "\\").rsplit("\\", 1)[-1].lower().removesuffix(".exe")
    return bare if bare in tables.natives()["tools"] else programs.name_of(name)


class Flow:
    """Answers "what does this node hold" for one text; results are kept, loops cut."""

    def __init__(self, root: Node) -> None:
        self.assigned: dict[str, list[Node]] = {}
        for node in root.find("AssignmentStatement", "ForEachStatement"):
            target = node.Variable or plain(node.Left)
            if target is not None and target.kind == "VariableExpression":
                self.assigned.setdefault(name_of(target), []).append(node.Right or node.Condition)
        self.functions = {node.Name.lower(): node.Body for node in root.find("FunctionDefinition")}
        self.display = {name.lower() for name in tables.additions()["localised_properties"]["names"]}
        self.typed: dict[str, list[Kind]] = {}
        for parameter in root.find("Parameter"):
            types = [net_type(one.TypeName) for one in parameter.Attributes if one.kind == "TypeConstraint"]
            self.typed.setdefault(name_of(parameter.Name), []).append(types[0] if types else UNKNOWN)
        self.arrays = {name for name, kinds in self.typed.items() if any(kind.many for kind in kinds)}
        for node in root.find("AssignmentStatement"):
            if node.Left.Type and node.Left.Type.TypeName.endswith("[]"):
                self.arrays |= {name_of(one) for one in variables(node.Left)}
        #: Keys that are added later: `$h['a'] = 1`, `$h.Add('c', 1)`; a computed key (None) opens the table.
        self.added: dict[str, set[str | None]] = {}
        for node in root.find("IndexExpression", "InvokeMemberExpression"):
            base, key = node.Target or node.Expression, node.Index
            if key is None and constant(node.Member) == "Add" and len(node.Arguments or ()) == 2:
                key = node.Arguments[0]
            elif node.up is None or node.up.Left is not node or node.up.kind != "AssignmentStatement":
                continue
            if base.kind == "VariableExpression":
                self.added.setdefault(name_of(base), set()).add(constant(key))
        self._busy: list[Node] = []
        self._cut = 0
        self._known: dict[Node, Kind] = {}

    def kind(self, node: Node | None) -> Kind:
        """What ``node`` holds."""
        if node is None:
            return UNKNOWN
        if node in self._known:
            return self._known[node]
        if node in self._busy or len(self._busy) > 40:
            self._cut += 1
            return NOTHING
        cut = self._cut
        self._busy.append(node)
        found = self._infer(node)
        if node.kind in _MANY or (found.many and node.kind not in _AS_IT_IS):
            found = replace(found, many=node.kind in _MANY)
        self._busy.pop()
        if not self._busy or cut == self._cut:
            self._known[node] = found
        return found

    def _infer(self, node: Node) -> Kind:
        match node.kind:
            case "VariableExpression" | "UsingExpression":
                return self._variable(node)
            case "StringConstantExpression" | "ConstantExpression":
                kind = net_type("int" if node.kind == "ConstantExpression" else "string")
                return replace(kind, texts=frozenset([constant(node) or ""]))
            case "ExpandableStringExpression":  # the end after the last variable is enough
                seen = "\\" in node.Value and "$" not in node.Value.rsplit("\\", 1)[1]
                return replace(net_type("string"), texts=frozenset([node.Value]) if seen else None)
            case "Hashtable":
                return self._table(node, "hashtable", _ITEM_BY_KEY[0])
            case "ScriptBlockExpression":
                return replace(net_type("scriptblock"), nodes=(node,))
            case "ConvertExpression" | "AttributedExpression":
                held = self.kind(node.Child)
                return replace(self._cast(node, held), said=held.said, texts=held.texts, nodes=held.nodes)
            case "MemberExpression" | "InvokeMemberExpression":
                shown = (constant(node.Member) or "").lower() in self.display
                same = self.kind(node.Expression).said if node.kind == "InvokeMemberExpression" else ""  # .Trim()
                return self._member(node).saying("a display text" if shown else same)
            case "IndexExpression":
                return self._element(node)
            case "BinaryExpression" | "UnaryExpression":
                return self._operator(node)
            case "Pipeline":
                return self.kind(node.PipelineElements[-1])
            case "Command":
                call = read_call(node)
                if self.native(call):
                    return UNKNOWN.saying("a native tool's output")
                return self._command(call).saying(self.kind(next(reversed(before(node)), None)).said)
            case "ReturnStatement":
                return self.kind(node.Pipeline)
            case "ArrayLiteral" | "StatementBlock" | "NamedBlock":
                return join(self.kind(part) for part in node.kids)
            case "AssignmentStatement" | "FunctionDefinition" | "ThrowStatement" | "ExitStatement":
                return NOTHING
        return join(self.kind(part) for part in node.kids if part.kind in _BLOCKS)

    def _operator(self, node: Node) -> Kind:
        word = node.Operator or node.TokenKind
        if word in {"Format", "Join"} or word.endswith(("split", "replace")):
            return replace(net_type("string"), many=word.endswith("split") and node.Left is not None)
        if word in {"Plus", "Minus"} and node.Left is not None:
            return self.kind(node.Left)
        if word == "As":
            return net_type(node.Right.TypeName)
        if word.endswith(("PlusPlus", "MinusMinus")):
            return NOTHING
        return net_type("int" if word in {"Multiply", "Divide", "Rem", "Minus", "DotDot"} else "bool")

    def _variable(self, node: Node) -> Kind:
        name = name_of(node)
        if name in {"_", "psitem"}:
            return self._current(node)
        if name == "null":
            return NOTHING
        if name.startswith("env:") or name in {"true", "false"}:
            return net_type("bool" if name in {"true", "false"} else "string")
        if name in tables.types()["automatic"]:
            return net_type(tables.types()["automatic"][name])
        added = self.added.get(name, set())
        held = [(source.up, self.kind(source)) for source in self.assigned.get(name, [])]
        kind = join([*(kind for _, kind in held), *self.typed.get(name, [])])
        # What a foreach hands out is one of the list; `+=` leaves a variable what it is.
        plain_ = [(up.kind, kind) for up, kind in held if up and up.Operator != "PlusEquals"]
        whole = [up != "ForEachStatement" and kind.many for up, kind in plain_]
        kind = replace(kind, many=name in self.arrays or (bool(whole) and all(whole)))
        if kind.name == NOTHING.name or None in added:
            return replace(kind, name="unknown", members=None)
        if kind.members is None:
            return kind
        return replace(kind, members=kind.members | {key.lower(): (key, "") for key in added if key})

    def _current(self, node: Node) -> Kind:
        """`$_`: what the pipeline hands to the block; the error in a catch."""
        block: Node | None = None
        for up in node.above():
            if up.kind == "CatchClause":
                return net_type("System.Management.Automation.ErrorRecord")
            if block is None:
                block = up if up.kind == "ScriptBlockExpression" else None
            elif up.kind == "Command":
                return self.upstream(up)
            elif up.kind == "InvokeMemberExpression":
                return self.kind(up.Expression)
            if up.kind == "SwitchStatement" or (block and up.kind in {"StatementBlock", "NamedBlock"}):
                break
        return UNKNOWN

    def strings(self, node: Node | None) -> Set[str]:
        """All texts that ``node`` can stand for; none when one of them cannot be seen."""
        return self.kind(node).texts or frozenset()

    def literals(self, node: Node | None, what: str) -> list[Node]:
        """The literal hashtables or script blocks that ``node`` can stand for."""
        return [one for one in self.kind(node).nodes if one.kind == what]

    def rows(self, node: Node | None) -> list[Node]:
        """`$question.Method`, where $question runs over literal hashtables: what stands at that key in each row."""
        if node is None or node.kind != "MemberExpression":
            return []
        wanted = (constant(node.Member) or "").lower()
        tables = self.literals(node.Expression, "Hashtable")
        return [value for table in tables for _, key, value in entries(table) if key.lower() == wanted]

    def arguments(self, call: Call) -> list[Named]:
        """The named arguments of a call, those of the literal hashtables that it splats included."""
        tables = [table for splat in call.splats for table in self.literals(splat, "Hashtable")]
        return [*call.named, *(entry for table in tables for entry in entries(table))]

    def argument(self, call: Call, parameter: str) -> Node | None:
        """The value of a parameter, written or splatted."""
        return next((v for _, name, v in self.arguments(call) if name.lower() == parameter.lower()), None)

    def native(self, call: Call) -> str | None:
        """The native tool that a call runs: by name, or through a variable that holds its path."""
        held = {call.name} if call.name else self.strings(call.target)
        return native_name(next(iter(held))) if len(held) == 1 else None

    def texts(self, node: Node, depth: int = 0) -> set[str]:
        """Every constant text below ``node``, variables followed, in lower case: wide on purpose."""
        found = {leaf.Value.strip().lower() for leaf in node.find("StringConstantExpression")}
        for leaf in variables(node) if depth < 4 else ():
            for source in self.assigned.get(name_of(leaf), []):
                found |= self.texts(source, depth + 1)
        return found

    def upstream(self, command: Node) -> Kind:
        """What flows into ``command`` from the pipeline in front of it, or from -InputObject."""
        given = read_call(command).value("InputObject") or next(reversed(before(command)), None)
        return self.kind(given)

    def _table(self, table: Node, name: str, base: str = "") -> Kind:
        keys = [key for _, key, _ in entries(table)]
        return replace(record(name, keys, base) if all(keys) else UNKNOWN, nodes=(table,))

    def _cast(self, node: Node, held: Kind) -> Kind:
        name = (node.Type or node.Attribute).TypeName.lower()
        if name in {"pscustomobject", "psobject", "ordered"}:
            if node.Child.kind == "Hashtable":
                return self._table(node.Child, name, _ITEM_BY_KEY[1] if name == "ordered" else "")
            return held if held.members is not None else UNKNOWN
        return held if name in {"object", "array", "void"} else net_type(name)

    def _member(self, node: Node) -> Kind:
        base, name = node.Expression, constant(node.Member)
        if name is None:
            return UNKNOWN
        lower = name.lower()
        if lower in {"count", "length", "tostring"}:
            return net_type("string" if lower == "tostring" else "int")
        owner = net_type(base.TypeName, static=True) if base.kind == "TypeExpression" else self.kind(base)
        if lower in {"where", "foreach"}:
            return owner if lower == "where" else UNKNOWN
        if owner.name in (JSON.name, JSON_ROOT.name):
            return JSON
        rows = self.rows(node)
        if not rows:
            return owner.gives(name)
        kind = join(map(self.kind, rows))
        return kind if len(rows) == len(self.literals(base, "Hashtable")) else replace(kind, texts=None)

    def _element(self, node: Node) -> Kind:
        base = self.kind(node.Target)
        if base.member("ContainsKey") or base.member("Keys"):
            return base.gives(constant(node.Index) or "")
        return base.gives("ITEM") if base.member("ITEM") else base

    def _command(self, call: Call) -> Kind:
        match call.lower:
            case name if name in _SAME:
                return replace(self.upstream(call.node), many=False)
            case name if name in self.functions:
                return self.kind(self.functions[name])
            case "select-object":
                return self._select(call, self.upstream(call.node))
            case "foreach-object":
                blocks = [*call.loose, *(value for _, _, value in call.named if value)]
                return self._outputs([block for block in blocks if block.kind == "ScriptBlockExpression"])
            case "get-ciminstance" | "invoke-cimmethod" | "new-ciminstance":
                return self._cim(call)
            case "convertfrom-json":
                return JSON_ROOT
            case "invoke-command":
                kind = self._outputs(self.literals(call.value("ScriptBlock"), "ScriptBlockExpression"))
                return (
                    kind if kind.members is None else join([kind, record("remote", ["PSComputerName", "RunspaceId"])])
                )
            case "join-path":
                return replace(net_type("string"), texts=self.kind(call.value("ChildPath")).texts)
            case "new-object":
                return net_type(constant(call.value("TypeName")) or "")
            case "group-object":
                group = net_type("Microsoft.PowerShell.Commands.GroupInfo")
                return Kind(group.name, group.members, self.upstream(call.node))
        output = tables.types()["outputs"].get(call.name, "")
        return NOTHING if output == "nothing" else join(map(net_type, output.split(" or ")))

    def _outputs(self, blocks: list[Node]) -> Kind:
        return join(self.kind(block.ScriptBlock) for block in blocks) if blocks else UNKNOWN

    def _select(self, call: Call, upstream: Kind) -> Kind:
        expand, chosen = call.value("ExpandProperty"), call.value("Property")
        if expand is not None:
            result = (upstream.member(constant(expand) or "") or ("", ""))[1]
            return net_type(result)
        if chosen is None:
            return replace(upstream, many=False)
        names = []
        for part in elements(chosen):
            labels = [constant(value) for _, key, value in entries(part) if key.lower() == "name"]
            names.append(constant(part) or (labels[0] if labels else None) or "*")
        if "*" in names:
            return UNKNOWN
        return Kind("selected object", {name.lower(): upstream.member(name) or (name, "") for name in names})

    def classes(self, call: Call) -> Set[str]:
        """The CIM classes that a call addresses, by name, query or instance; none when they cannot be seen."""
        named = self.argument(call, "ClassName")
        if named is not None:
            return self.strings(named)
        words = [text.split() for text in self.strings(self.argument(call, "Query"))]
        queried = {to for text in words for word, to in pairwise(text) if word.lower() == "from"}
        given = self.argument(call, "InputObject")
        names = (self.kind(given) if given else self.upstream(call.node)).name.split(" or ")
        return queried or {name for name in names if name.lower() in tables.cim_classes()}

    def _cim(self, call: Call) -> Kind:
        """The instances or the method's result that a CIM command gives."""
        known = [tables.cim_classes().get(name.lower()) for name in sorted(self.classes(call))]
        base = "Microsoft.Management.Infrastructure.CimInstance"
        if call.lower != "invoke-cimmethod":
            return join(record(one["name"], one["properties"], base) if one else UNKNOWN for one in known or [None])
        methods = self.strings(self.argument(call, "MethodName"))
        given = []
        for one in known:
            shapes = {method.lower(): shape for method, shape in one["methods"].items()} if one else {}
            found = [shapes.get(method.lower()) for method in sorted(methods)]
            outs = [["ReturnValue", "PSComputerName", *shape["out"]] if shape else None for shape in found]
            given += [record(f"result of {one['name']}", out) if one and out else UNKNOWN for out in outs]
        return join(given) if given else UNKNOWN
