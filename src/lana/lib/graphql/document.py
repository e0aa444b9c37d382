"""Documents: parsed, checked against the limits and validated once per text, then kept.

Guarantees: nothing is executed that is deeper, wider or dearer than the limits; nothing recurses without a
bound, since nesting is counted from the tokens before the parser runs. Costs: one string hash for a text seen
before. The cache keeps at most `documents_kept` texts and `MAX_KEPT_CHARS` characters; refused texts are not
kept.

Cost of a field is 1, times the `first` of every list around it (`first` counts at most the page limit). A
variable `first` counts as the page limit; only when that bound is too dear is the cost computed again with
the real variables.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import cast

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    Source,
    VariableNode,
    parse,
    validate,
)
from graphql.language import Lexer, TokenKind

from lana.lib.graphql.errors import (
    GraphqlParseFailed,
    GraphqlTooCostly,
    GraphqlTooDeep,
    GraphqlTooManyAliases,
    GraphqlTooManyTokens,
    GraphqlUnknownOperation,
)
from lana.lib.graphql.input import check_text
from lana.lib.graphql.limits import Limits
from lana.lib.graphql.scalars import MAX_INT64

MAX_KEPT_CHARS = 8 * 1024 * 1024
MAX_VALIDATION_ERRORS = 20
OPENING = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
CLOSING = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})


class Document(msgspec.Struct, frozen=True):
    """A valid document. `dear` when only the variables can tell whether its cost is within the limit."""

    ast: DocumentNode
    dear: bool

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run. `GraphqlUnknownOperation`."""
        operations = [d for d in self.ast.definitions if isinstance(d, OperationDefinitionNode)]
        if name is not None:
            operations = [o for o in operations if o.name and o.name.value == name]
        if len(operations) != 1:
            raise GraphqlUnknownOperation(
                f"no operation {name!r}" if name else "operationName must name one of several operations"
            )
        return operations[0]

    def subscribed(self, name: str | None) -> FieldNode:
        """The one field of a subscription, wherever fragments hide it."""
        fragments = {d.name.value: d for d in self.ast.definitions if isinstance(d, FragmentDefinitionNode)}
        node: SelectionNode = self.operation(name).selection_set.selections[0]
        while not isinstance(node, FieldNode):  # ends: validation allows no circles of fragments
            named = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            node = cast("InlineFragmentNode", named).selection_set.selections[0]
        return node

    def is_subscription(self, name: str | None) -> bool:
        return self.operation(name).operation is OperationType.SUBSCRIPTION


class Invalid(Exception):
    """The document does not fit the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        self.errors = errors
        super().__init__(errors[0].message)


class Documents:
    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._chars = 0

    def get(self, text: str) -> Document:
        """The document of a text. Refusals of `errors`; `Invalid`."""
        document = self._kept.get(text)
        if document:
            self._kept.move_to_end(text)
            return document
        try:
            document = self._prepare(text)
        except RecursionError:
            raise GraphqlTooDeep("the document is nested too deeply") from None
        self._keep(text, document)
        return document

    def check_cost(self, document: Document, name: str | None, variables: Mapping[str, object]) -> None:
        """`GraphqlTooCostly` when these variables make a dear document dearer than the limit."""
        if document.dear:
            sizes = _Sizes(document.ast, self._limits, variables)
            sizes.check_cost(sizes.cost(document.operation(name).selection_set))

    def _prepare(self, text: str) -> Document:
        _scan(text, self._limits)
        try:
            ast = parse(text, max_tokens=self._limits.token_limit)
        except GraphQLError as error:
            raise GraphqlParseFailed(error.message) from error
        dear = _Sizes(ast, self._limits, None).check()
        errors = validate(self._schema, ast, max_errors=MAX_VALIDATION_ERRORS)
        if errors:
            raise Invalid(errors)
        return Document(ast, dear)

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._chars += len(text)
        while len(self._kept) > self._limits.documents_kept or self._chars > MAX_KEPT_CHARS:
            dropped, _ = self._kept.popitem(last=False)
            self._chars -= len(dropped)


def nesting_limit(limits: Limits) -> int:
    """Brackets of all kinds: inline fragments and input objects nest beside the fields."""
    return 2 * limits.depth_limit + 16


def _scan(text: str, limits: Limits) -> None:
    """Count tokens and nesting without recursion; look at every literal."""
    lexer = Lexer(Source(text))
    tokens = depth = 0
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            tokens += 1
            if tokens > limits.token_limit:
                raise GraphqlTooManyTokens(f"a document has at most {limits.token_limit} tokens")
            if token.kind in OPENING:
                depth += 1
                if depth > nesting_limit(limits):
                    raise GraphqlTooDeep(f"fields nest at most {limits.depth_limit} deep")
            elif token.kind in CLOSING:
                depth -= 1
            elif token.kind is TokenKind.INT:
                check_text(token.value or "", integer=True)
            elif token.kind in (TokenKind.STRING, TokenKind.BLOCK_STRING):
                check_text(token.value or "")
    except GraphQLError as error:
        raise GraphqlParseFailed(error.message) from error


class _Sizes:
    """Depth, aliases and cost of a document; each fragment is measured once, so that none multiplies the
    work.
    """

    def __init__(self, ast: DocumentNode, limits: Limits, variables: Mapping[str, object] | None) -> None:
        self._ast = ast
        self._limits = limits
        self._variables = variables
        self._fragments = {d.name.value: d for d in ast.definitions if isinstance(d, FragmentDefinitionNode)}
        self._depths: dict[str, int] = {}
        self._costs: dict[str, int] = {}
        self._aliases = 0
        self._level = 0
        self._by_variable = False

    def check(self) -> bool:
        """Refuse what is too much whatever the variables; True when the variables decide."""
        dear = False
        for definition in self._ast.definitions:
            if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
                if self.depth(definition.selection_set) > self._limits.depth_limit:
                    raise GraphqlTooDeep(f"fields nest at most {self._limits.depth_limit} deep")
                cost = self.cost(definition.selection_set)
                if cost > self._limits.cost_limit:
                    dear = True
        if self._aliases > self._limits.alias_limit:
            raise GraphqlTooManyAliases(f"a document has at most {self._limits.alias_limit} aliases")
        if dear and not self._by_variable:
            self.check_cost(self._limits.cost_limit + 1)
        return dear

    def check_cost(self, cost: int) -> None:
        if cost > self._limits.cost_limit:
            raise GraphqlTooCostly(f"the answer could hold more than {self._limits.cost_limit} fields")

    def depth(self, selections: SelectionSetNode | None) -> int:
        if selections is None:
            return 0
        self._level += 1
        if self._level > nesting_limit(self._limits):
            raise GraphqlTooDeep(f"fields nest at most {self._limits.depth_limit} deep")
        deepest = 0
        for node in selections.selections:
            match node:
                case FieldNode():
                    self._aliases += node.alias is not None
                    found = 1 + self.depth(node.selection_set)
                case InlineFragmentNode():
                    found = self.depth(node.selection_set)
                case FragmentSpreadNode():
                    found = self._fragment_depth(node.name.value)
                case _:
                    found = 0
            deepest = max(deepest, found)
        self._level -= 1
        return deepest

    def _fragment_depth(self, name: str) -> int:
        if name not in self._depths:
            self._depths[name] = 0  # a circle of fragments is the validation's to refuse
            fragment = self._fragments.get(name)
            self._depths[name] = self.depth(fragment.selection_set) if fragment else 0
        return self._depths[name]

    def cost(self, selections: SelectionSetNode | None) -> int:
        total = 0
        for node in selections.selections if selections else ():
            match node:
                case FieldNode():
                    total += 1 + self._rows(node) * self.cost(node.selection_set)
                case InlineFragmentNode():
                    total += self.cost(node.selection_set)
                case FragmentSpreadNode():
                    total += self._fragment_cost(node.name.value)
                case _:
                    pass
        return total

    def _fragment_cost(self, name: str) -> int:
        if name not in self._costs:
            self._costs[name] = 0
            fragment = self._fragments.get(name)
            self._costs[name] = self.cost(fragment.selection_set) if fragment else 0
        return self._costs[name]

    def _rows(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value == "first":
                match argument.value:
                    case IntValueNode():
                        return self._clamped(int(argument.value.value))
                    case VariableNode():
                        return self._variable_rows(argument.value.name.value)
                    case _:
                        return 1
        return 1

    def _variable_rows(self, name: str) -> int:
        if self._variables is None:
            self._by_variable = True
            return self._limits.page_limit
        value = self._variables.get(name)
        return self._clamped(value) if isinstance(value, int) else self._limits.page_limit

    def _clamped(self, first: int) -> int:
        return max(0, min(first, self._limits.page_limit, MAX_INT64))


__all__ = ["Document", "Documents", "Invalid"]
