"""Evaluates an expression over series that are aligned: arrays of one length, NaN where a point is missing.

Missing points are 0 in arithmetic and comparison where the other series has one; a point that would divide by zero is
dropped. Source: CloudWatch User Guide, "Using math expressions with CloudWatch metrics"; its examples are in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mangaobs.languages.metric_math._tree import Array, Binary, Call, Expression, Name, Number, Text, Unary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    Series = NDArray[np.float64]
    Value = Series | float | list[Series]


class Unsupported(Exception):  # noqa: N818 - no error of the user's
    """What cannot be evaluated here, in a word."""


def evaluate(
    expression: Expression, series: Mapping[str, Series], periods: Mapping[str, int], *, stride: int = 1
) -> Series:
    """The expression's series. `stride` is how many steps of the arrays a period is. Raises `Unsupported`."""
    made = _Evaluator(series, periods, stride).value(expression)
    if isinstance(made, list):
        raise Unsupported("an expression of several series")
    if isinstance(made, float):
        raise Unsupported("an expression that is a number, no series")
    return made


class _Evaluator:
    def __init__(self, series: Mapping[str, Series], periods: Mapping[str, int], stride: int) -> None:
        self.series = series
        self.periods = periods
        self.stride = stride

    def value(self, node: Expression) -> Value:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Name):
            if node.name not in self.series:
                raise Unsupported(f"{node.name}, which is no metric of the alarm")
            return self.series[node.name]
        if isinstance(node, Array):
            return [self._series(part) for part in node.parts]
        if isinstance(node, Unary):
            return _each(self.value(node.operand), lambda one: -one)
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Text):
            raise Unsupported("a text")
        return self._call(node)

    def _series(self, node: Expression) -> Series:
        found = self.value(node)
        if isinstance(found, (float, list)):
            raise Unsupported("a number or an array where a series is needed")
        return found

    def _binary(self, node: Binary) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, list):
            return [_combined(node.operator, one, _one(right)) for one in left]
        if isinstance(right, list):
            return [_combined(node.operator, left, one) for one in right]
        if isinstance(left, float) and isinstance(right, float):
            return _numbers(node.operator, left, right)
        return _combined(node.operator, left, right)

    def _call(self, node: Call) -> Value:
        function = _FUNCTIONS.get(node.function)
        if function is None:
            raise Unsupported(f"{node.function}()")
        return function(self, node)

    # functions

    def if_(self, node: Call) -> Value:
        import numpy as np

        if len(node.arguments) not in (2, 3):
            raise Unsupported("IF() without two or three arguments")
        condition = self.value(node.arguments[0])
        then = _one(self.value(node.arguments[1]))
        other = _one(self.value(node.arguments[2])) if len(node.arguments) == 3 else None
        if isinstance(condition, list):
            raise Unsupported("IF() of an array")
        if isinstance(condition, float):
            chosen = then if condition else other
            if chosen is None:
                raise Unsupported("IF() without a result")
            return chosen
        true = condition != 0
        picked = np.where(true, then, np.nan if other is None else other)
        # As the guide's rows have it: a missing point of the chosen side is 0 where the other side has one, and a
        # number has one where it stands third, not where it stands second.
        if other is not None:
            beside = np.where(true, other, np.nan if isinstance(then, float) else then)
            picked = np.where(np.isnan(picked) & ~np.isnan(beside), 0.0, picked)
        return np.where(np.isnan(condition), np.nan, picked)

    def fill(self, node: Call) -> Value:
        import numpy as np

        if len(node.arguments) != 2:
            raise Unsupported("FILL() without two arguments")
        series = self.value(node.arguments[0])
        by = node.arguments[1]
        if isinstance(by, Name) and by.name == "REPEAT":
            return _each(series, self._repeated)
        if isinstance(by, Name) and by.name == "LINEAR":
            raise Unsupported("FILL(…, LINEAR)")
        filler = _one(self.value(by))
        return _each(series, lambda one: np.where(np.isnan(one), filler, one))

    def _repeated(self, series: Series) -> Series:
        """Each missing point as the last one before it, in steps of a period."""
        import numpy as np

        filled = series.copy()
        for phase in range(self.stride):
            column = filled[phase :: self.stride]
            last = np.maximum.accumulate(np.where(np.isnan(column), 0, np.arange(len(column))))
            filled[phase :: self.stride] = column[last]
        return filled

    def period(self, node: Call) -> Value:
        if len(node.arguments) == 1 and isinstance(node.arguments[0], Name) and node.arguments[0].name in self.periods:
            return float(self.periods[node.arguments[0].name])
        raise Unsupported("PERIOD() of what is no metric")

    def rounded(self, node: Call) -> Value:
        import numpy as np

        if len(node.arguments) != 1:
            raise Unsupported(f"{node.function}() without one argument")
        functions = {"ABS": np.abs, "CEIL": np.ceil, "FLOOR": np.floor}
        return _each(self.value(node.arguments[0]), functions[node.function])

    def across(self, node: Call) -> Value:
        """SUM, AVG, MIN and MAX of several series: at each time over those that have a point."""
        import numpy as np

        found = self.value(node.arguments[0]) if len(node.arguments) == 1 else 0.0
        if not isinstance(found, list) or not found:
            raise Unsupported(f"{node.function}() of one series")
        stacked = np.stack(found)
        empty = np.isnan(stacked).all(axis=0)
        if node.function == "MIN":
            made = np.fmin.reduce(stacked)
        elif node.function == "MAX":
            made = np.fmax.reduce(stacked)
        else:
            made = np.nansum(stacked, axis=0)
            if node.function == "AVG":  # the guide: AVG treats what is missing as 0
                made = made / len(found)
        return np.where(empty, np.nan, made)


_FUNCTIONS: Final[Mapping[str, Callable[[_Evaluator, Call], Value]]] = {
    "IF": _Evaluator.if_,
    "FILL": _Evaluator.fill,
    "PERIOD": _Evaluator.period,
    **dict.fromkeys(("ABS", "CEIL", "FLOOR"), _Evaluator.rounded),
    **dict.fromkeys(("SUM", "AVG", "MIN", "MAX"), _Evaluator.across),
}


def _one(value: Value) -> Series | float:
    if isinstance(value, list):
        raise Unsupported("an array with an array")
    return value


def _each(value: Value, function: Callable[[Series], Series]) -> Value:
    if isinstance(value, list):
        return [function(one) for one in value]
    if isinstance(value, float):
        import numpy as np

        return float(function(np.array([value]))[0])
    return function(value)


def _numbers(operator: str, left: float, right: float) -> float:
    import numpy as np

    made = float(_combined(operator, np.array([left]), right)[0])
    if np.isnan(made):
        raise Unsupported("a division by zero")
    return made


def _combined(operator: str, left: Series | float, right: Series | float) -> Series:
    import numpy as np

    gone_left, gone_right = np.isnan(left), np.isnan(right)
    # With a number, the series alone says where points are.
    if isinstance(left, float):
        gone = gone_right
    elif isinstance(right, float):
        gone = gone_left
    else:
        gone = gone_left & gone_right
    left, right = np.where(gone_left, 0.0, left), np.where(gone_right, 0.0, right)
    with np.errstate(all="ignore"):
        made = _OPERATORS[operator](left, right)
    made = np.asarray(made, float)
    return np.where(gone | ~np.isfinite(made), np.nan, made)


def _operators() -> dict[str, Callable[..., object]]:
    import operator

    return {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "^": operator.pow,
        "==": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        ">": operator.gt,
        "<=": operator.le,
        ">=": operator.ge,
        "AND": lambda left, right: (left != 0) & (right != 0),
        "OR": lambda left, right: (left != 0) | (right != 0),
    }


_OPERATORS: Final = _operators()
