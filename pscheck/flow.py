"""Follows values through a text: assignment, foreach, pipelines, Where-Object, Select-Object, CIM calls."""

from __future__ import annotations

from . import tables
from .commands import Call, Constants, argument, read_call
from .kinds import JSON, JSON_ROOT, NOTHING, UNKNOWN, Kind, cim_class, cim_result, full_name, join, net_type, with_base
from .tree import Node, elements, hash_entries, inner, string_value, variable_name

_SAME = {"where-object", "sort-object", "tee-object"}
_STRING_OPERATORS = {"-split", "-replace", "-join", "-csplit", "-creplace", "-isplit", "-ireplace"}


class Flow:
    """Answers "what does this node hold" for one text; results are kept, loops cut at depth 12."""

    def __init__(self, root: Node, constants: Constants) -> None:
        self.constants = constants
        self.typed: dict[str, list[Kind]] = {}
        self.outer_writes: dict[str, set[str]] = {}
        self.open: set[str] = set()
        self.functions = {
            name.text.lower(): function
            for function in root.find("function_statement")
            if (name := function.kid("function_name"))
        }
        for parameter in root.find("script_parameter"):
            variable = parameter.kid("variable")
            literal = next(iter(parameter.find("type_literal")), None)
            if variable is not None:
                kind = net_type(literal.text.strip("[]")) if literal else UNKNOWN
                self.typed.setdefault(variable_name(variable), []).append(kind)
        self._note_additions(root)
        self._busy: list[Node] = []
        self._known: dict[Node, Kind] = {}

    def _note_additions(self, root: Node) -> None:
        """Keys that are added later: `$h['a'] = 1`, `$h.b = 2`, `$h.Add('c', 1)`; a computed key opens the table."""
        for assignment in root.find("assignment_expression"):
            left = assignment.kids[0].named()
            target = inner(left[0]) if left else None
            if target is None or target.type not in {"member_access", "element_access"}:
                continue
            base = target.kids[0]
            if base.type != "variable":
                continue
            if target.type == "element_access":
                key = string_value(target.named()[1]) if len(target.named()) > 1 else None
                if key is None:
                    self.open.add(variable_name(base))
                else:
                    self.outer_writes.setdefault(variable_name(base), set()).add(key)
        for call in root.find("invokation_expression"):
            member, base = call.kid("member_name"), call.kids[0]
            arguments = call.kid("argument_list")
            if base.type == "variable" and member is not None and member.text == "Add" and arguments is not None:
                parts = next(iter(arguments.find("argument_expression_list")), None)
                if parts is not None and len(parts.named()) == 2:
                    key = string_value(parts.named()[0])
                    if key is None:
                        self.open.add(variable_name(base))
                    else:
                        self.outer_writes.setdefault(variable_name(base), set()).add(key)

    def kind(self, node: Node | None) -> Kind:
        """What ``node`` holds."""
        node = inner_keeping_casts(node)
        if node is None:
            return UNKNOWN
        if node in self._known:
            return self._known[node]
        if node in self._busy or len(self._busy) > 40:
            return NOTHING
        self._busy.append(node)
        found = self._infer(node)
        self._busy.pop()
        if not self._busy:
            self._known[node] = found
        return found

    def _infer(self, node: Node) -> Kind:
        match node.type:
            case "variable":
                return self._variable(node)
            case "string_literal" | "format_expression" | "generic_token":
                return net_type("string")
            case "integer_literal" | "additive_expression" | "multiplicative_expression" | "real_literal":
                return self._sum(node)
            case "hash_literal_expression":
                return with_base(self._record(node, "hashtable"), "System.Collections.Hashtable")
            case "script_block_expression":
                return net_type("scriptblock")
            case "cast_expression" | "expression_with_unary_operator":
                return self._cast(node)
            case "member_access" | "invokation_expression":
                return self._member(node)
            case "element_access":
                return self._element(node)
            case "comparison_expression":
                return self._comparison(node)
            case "logical_expression" | "bitwise_expression":
                return net_type("bool")
            case "pipeline" | "pipeline_chain":
                return self._pipeline(node)
            case "command":
                return self._command(node, NOTHING)
            case "array_expression" | "array_literal_expression" | "statement_list" | "sub_expression":
                return join(self.kind(part) for part in node.named() if part.type != "empty_statement")
            case "if_statement" | "switch_statement" | "foreach_statement" | "try_statement" | "script_block":
                return self._blocks(node)
            case "statement_block" | "while_statement":
                return self._blocks(node)
            case "assignment_expression" | "flow_control_statement" | "empty_statement":
                return self._returned(node)
        return UNKNOWN

    def _returned(self, node: Node) -> Kind:
        if node.text.lower().startswith("return") and node.named():
            return self.kind(node.named()[-1])
        return NOTHING

    def _sum(self, node: Node) -> Kind:
        if node.type == "additive_expression" and node.named():
            return self.kind(node.named()[0])
        return net_type("int")

    def _variable(self, node: Node) -> Kind:
        name = variable_name(node).removeprefix("using:")
        if name in {"_", "psitem"}:
            return self._current(node)
        if name.startswith("env:"):
            return net_type("string")
        if name in {"null", "true", "false"}:
            return NOTHING if name == "null" else net_type("bool")
        automatic = tables.types()["automatic"]
        if name in automatic:
            return net_type(automatic[name])
        if name in self.open:
            return UNKNOWN
        found = [self.kind(source) for source in self.constants.assigned.get(name, [])]
        found += self.typed.get(name, [])
        if not found:
            return UNKNOWN
        kind = join(found)
        added = self.outer_writes.get(name)
        if added and kind.members is not None:
            kind = Kind(kind.name, {**kind.members, **{key.lower(): (key, "") for key in added}}, kind.element)
        return kind

    def _current(self, node: Node) -> Kind:
        """`$_`: what the pipeline hands to the block; the error in a catch."""
        for up in node.above():
            if up.type == "catch_clause":
                return net_type("System.Management.Automation.ErrorRecord")
            if up.type in {"switch_statement"}:
                return UNKNOWN
            if up.type == "script_block_expression":
                return self._feeding(up)
        return UNKNOWN

    def _feeding(self, block: Node) -> Kind:
        for up in block.above():
            if up.type == "command":
                return self.upstream(up)
            if up.type == "invokation_expression":
                return self.kind(up.kids[0])
            if up.type in {"statement_block", "script_block", "assignment_expression"}:
                return UNKNOWN
        return UNKNOWN

    def upstream(self, command: Node) -> Kind:
        """What flows into ``command`` from the pipeline in front of it, or from -InputObject."""
        call = read_call(command)
        given = call.value("InputObject") if call else None
        if given is not None:
            return self.kind(given)
        chain = command.up
        if chain is None or chain.type not in {"pipeline_chain", "pipeline"}:
            return UNKNOWN
        before = [part for part in chain.named() if part.start < command.start]
        return self._through(before) if before else UNKNOWN

    def _through(self, parts: list[Node]) -> Kind:
        last = parts[-1]
        if last.type == "command":
            return self._command(last, self._through(parts[:-1]) if len(parts) > 1 else UNKNOWN)
        return self.kind(last)

    def _pipeline(self, node: Node) -> Kind:
        parts = [part for part in node.named() if part.type not in {"pipeline_chain_tail"}]
        return self._through(parts) if parts else UNKNOWN

    def _blocks(self, node: Node) -> Kind:
        """What the blocks of a statement put out: every statement in them that is no assignment."""
        if node.type in {"statement_block", "script_block", "statement_list"}:
            found = []
            for part in node.named():
                if part.type not in {"param_block", "function_statement"}:
                    found.append(self._blocks(part) if part.type == "statement_list" else self.kind(part))
            return join(found)
        wanted = {"statement_block", "elseif_clauses", "elseif_clause", "else_clause", "switch_body"}
        wanted |= {"switch_clauses", "switch_clause", "catch_clauses", "catch_clause", "finally_clause"}
        return join(self._blocks(part) for part in node.named() if part.type in wanted)

    def _record(self, table: Node, name: str) -> Kind:
        members: dict[str, tuple[str, str]] = {}
        for key, _ in hash_entries(table):
            text = string_value(key)
            if text is None:
                return UNKNOWN
            members[text.lower()] = (text, "")
        return Kind(name, members)

    def _cast(self, node: Node) -> Kind:
        parts = node.named()
        if node.type == "expression_with_unary_operator":
            if parts and parts[0].type == "cast_expression":
                return self._cast(parts[0])
            if node.kids[0].type in {"-join", "-split"}:
                return net_type("string")
            return self.kind(parts[-1]) if node.kids[0].type == "," else net_type("bool")
        name = parts[0].text.strip("[]").lower()
        if name in {"pscustomobject", "psobject", "ordered"}:
            table = inner(parts[1])
            base = "System.Collections.Specialized.OrderedDictionary" if name == "ordered" else "pscustomobject"
            if table is not None and table.type == "hash_literal_expression":
                return with_base(self._record(table, name), base) if name == "ordered" else self._record(table, name)
            held = self.kind(parts[1])
            return held if held.members is not None else UNKNOWN
        if name in {"object", "array", "void"}:
            return self.kind(parts[1])
        return net_type(name) if full_name(name) else UNKNOWN

    def _member(self, node: Node) -> Kind:
        base, name = node.kids[0], node.kid("member_name")
        static = base.type == "type_literal"
        owner = net_type(base.text.strip("[]"), static=True) if static else self.kind(base)
        if name is None:
            return UNKNOWN
        if name.text.lower() in {"where", "foreach"}:
            return owner if name.text.lower() == "where" else UNKNOWN
        if name.text.lower() in {"count", "length"}:
            return net_type("int")
        if name.text.lower() == "tostring":
            return net_type("string")
        if owner in (JSON, JSON_ROOT):
            return JSON
        if base.type == "variable" and owner.members is not None:
            held = self._held(base, name.text)
            if held is not None:
                return held
        found = owner.member(name.text)
        if found is None or not found[1]:
            return UNKNOWN
        return owner.element or UNKNOWN if found[1] == "ELEMENT" else net_type(found[1])

    def _held(self, variable: Node, key: str) -> Kind | None:
        """The kind behind a key of a literal table that the variable holds."""
        tables_ = [
            table
            for source in self.constants.assigned.get(variable_name(variable), [])
            if (table := inner(source)) is not None and table.type == "hash_literal_expression"
        ]
        values = [
            self.kind(value)
            for table in tables_
            for name, value in hash_entries(table)
            if (string_value(name) or "").lower() == key.lower() and value is not None
        ]
        return join(values) if values else None

    def _element(self, node: Node) -> Kind:
        base = self.kind(node.kids[0])
        index = string_value(node.named()[1]) if len(node.named()) > 1 else None
        if base.member("ContainsKey") or base.member("Keys"):
            found = base.member(index or "")
            return net_type(found[1]) if found and found[1] else UNKNOWN
        if base.member("ITEM"):
            return net_type((base.member("ITEM") or ("", ""))[1])
        return base

    def _comparison(self, node: Node) -> Kind:
        operator = node.kid("comparison_operator")
        word = operator.text.lower() if operator else ""
        if word in _STRING_OPERATORS:
            return net_type("string")
        if word == "-as":
            return net_type(node.kids[-1].text.strip("[]"))
        if word.lstrip("-").lstrip("ci") in {"eq", "ne", "in", "notin", "is", "isnot"}:
            return net_type("bool")
        return net_type("bool")

    def _command(self, node: Node, upstream: Kind) -> Kind:
        call = read_call(node)
        if call is None:
            return net_type("int")
        lower = call.name.lower()
        if lower in _SAME:
            return upstream
        if lower in self.functions:
            return self._blocks_of_function(self.functions[lower])
        if lower == "select-object":
            return self._select(call, upstream)
        if lower == "foreach-object":
            blocks = [*call.loose, *(value for _, _, value in call.named if value)]
            bodies = [body for part in blocks for body in part.find("script_block") if body.up is part]
            return join(self._blocks(body) for body in bodies) if bodies else UNKNOWN
        if lower in {"get-ciminstance", "invoke-cimmethod", "new-ciminstance"}:
            return self.cim(call)
        if lower == "convertfrom-json":
            return JSON_ROOT
        if lower == "invoke-command":
            held = [
                body
                for block in self.constants.literal(call.value("ScriptBlock"), "script_block_expression")
                for body in block.kids
                if body.type == "script_block"
            ]
            kind = join(self._blocks(body) for body in held) if held else UNKNOWN
            if kind.members is None:
                return kind
            extra = {"pscomputername": ("PSComputerName", ""), "runspaceid": ("RunspaceId", "")}
            return Kind(kind.name, {**kind.members, **extra})
        if lower == "new-object":
            name = string_value(call.value("TypeName"))
            return net_type(name) if name else UNKNOWN
        if lower == "group-object":
            group = net_type("Microsoft.PowerShell.Commands.GroupInfo")
            return Kind(group.name, group.members, upstream)
        output = tables.types()["outputs"].get(call.name)
        if output is None:
            return UNKNOWN
        return NOTHING if output == "nothing" else join(net_type(name) for name in output.split(" or "))

    def _blocks_of_function(self, function: Node) -> Kind:
        body = function.kid("script_block")
        return self._blocks(body) if body is not None else UNKNOWN

    def _select(self, call: Call, upstream: Kind) -> Kind:
        expand = string_value(call.value("ExpandProperty"))
        if expand is not None:
            found = upstream.member(expand)
            return net_type(found[1]) if found and found[1] and found[1] != "ELEMENT" else UNKNOWN
        chosen = call.value("Property")
        if chosen is None:
            return upstream
        names: list[str] = []
        for part in elements(chosen):
            text = string_value(part)
            if text is not None:
                names.extend(text.split(","))
            elif part.type == "hash_literal_expression":
                label = next((v for k, v in hash_entries(part) if (string_value(k) or "").lower() == "name"), None)
                names.append(string_value(label) or "")
            else:
                return UNKNOWN
        if "*" in names:
            return UNKNOWN
        kept = {name.lower(): upstream.member(name) or (name, "") for name in names if name}
        return Kind("selected object", kept)

    def classes(self, call: Call) -> set[str] | None:
        """The CIM classes that a call addresses, by name, query or instance; None when they cannot be seen."""
        named = argument(call, "ClassName", self.constants)
        if named is not None:
            return self.constants.strings(named)
        query = self.constants.strings(argument(call, "Query", self.constants))
        if query:
            words = [text.split() for text in query]
            return {w[[x.lower() for x in w].index("from") + 1] for w in words if "from" in [x.lower() for x in w]}
        given = argument(call, "InputObject", self.constants)
        kind = self.kind(given) if given is not None else self.upstream(call.node)
        names = [name for name in kind.name.split(" or ") if name.lower() in tables.cim_classes()]
        return set(names) or None

    def cim(self, call: Call) -> Kind:
        """The instances or the method's result that a CIM command gives."""
        classes = self.classes(call)
        if not classes:
            return UNKNOWN
        if call.name.lower() != "invoke-cimmethod":
            return join(cim_class(name) for name in classes)
        methods = self.constants.strings(argument(call, "MethodName", self.constants))
        return cim_result(classes, methods) if methods else UNKNOWN


def inner_keeping_casts(node: Node | None) -> Node | None:
    """Steps through parentheses and pipelines of one element; a cast tells the type, so it stays."""
    while node is not None:
        parts = node.named()
        if node.type in {"parenthesized_expression", "pipeline"} and len(parts) == 1:
            node = parts[0]
        else:
            return node
    return None
