"""What a step script puts into out.json, read from its text and held against the reader's models.

The reader refuses an unknown name, but only when a real answer comes back: on a server. Here the names of
``$result`` and of the records inside it are compared with the model as the text stands.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator

from pydantic import BaseModel

from .commands import Constants
from .fault import Fault, nearest
from .flow import Flow
from .tree import Node, hash_entries, inner, parse, string_value, variable_name


def check(text: str, model: type[BaseModel]) -> list[Fault]:
    """Names of ``$result`` that the model does not know, or lacks."""
    root = parse(text)
    constants = Constants(root)
    flow = Flow(root, constants)
    records = [record for source in constants.assigned.get("result", []) for record in _records(source)]
    if not records:
        return [Fault(1, "answer", "no $result = [pscustomobject]@{ … } was seen", "")]
    return sorted({fault for record in records for fault in _check_record(record, model, flow)})


def inputs(text: str) -> set[str]:
    """The names that a script reads from in.json: members of the variable that holds ConvertFrom-Json's result."""
    root = parse(text)
    flow = Flow(root, Constants(root))
    return {
        member.text
        for access in root.find("member_access")
        if access.kids[0].type == "variable"
        and variable_name(access.kids[0]) == "given"
        and flow.kind(access.kids[0]).name == "input"
        and (member := access.kid("member_name")) is not None
    }


def _records(node: Node) -> list[Node]:
    bare = inner(node)
    return [bare] if bare is not None and bare.type == "hash_literal_expression" else []


def _check_record(record: Node, model: type[BaseModel], flow: Flow) -> Iterator[Fault]:
    names = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    written = {string_value(key) or key.text: (key, value) for key, value in hash_entries(record)}
    for name, (key, _) in written.items():
        if name not in names:
            yield Fault(key.line, "answer", f"{model.__name__} has no {name}", nearest(name, names))
    for name in names.keys() - written.keys():
        yield Fault(record.line, "answer", f"{name} of {model.__name__} is missing", name)
    for name, (key, value) in written.items():
        nested = _model_in(names.get(name))
        if nested is None or value is None:
            continue
        literal = _records(value)
        if literal:
            yield from _check_record(literal[0], nested, flow)
            continue
        kind = flow.kind(value)
        if not kind.members:
            continue
        known = {field.alias or plain for plain, field in nested.model_fields.items()}
        given = {spelled for spelled, _ in kind.members.values()}
        for wrong in sorted(given - known):
            yield Fault(key.line, "answer", f"{name}: {nested.__name__} has no {wrong}", nearest(wrong, known))
        for missing in sorted(known - given):
            yield Fault(key.line, "answer", f"{name}: {missing} of {nested.__name__} is missing", missing)


def seen(text: str, model: type[BaseModel]) -> dict[str, bool]:
    """For each field of ``$result`` that holds records: whether their names can be read from the text."""
    root = parse(text)
    constants = Constants(root)
    flow = Flow(root, constants)
    out = {}
    for source in constants.assigned.get("result", []):
        for record in _records(source):
            for key, value in hash_entries(record):
                name = string_value(key) or ""
                field = {f.alias or n: f.annotation for n, f in model.model_fields.items()}.get(name)
                if _model_in(field) is not None and value is not None:
                    out[name] = bool(_records(value)) or bool(flow.kind(value).members)
    return out


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The model inside ``list[Model]``, ``Model | None`` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in {list, tuple, typing.Union, types.UnionType, typing.Annotated}:
        return next((found for part in typing.get_args(annotation) if (found := _model_in(part))), None)
    return None
