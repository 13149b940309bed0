"""ExpressionError: what is wrong with an expression, and where."""


class ExpressionError(ValueError):
    """`message` is a sentence for people. `column` counts characters from 1 over the whole text;
    `length` says how many of them are meant, at least one."""

    def __init__(self, message: str, column: int, length: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.length = max(1, length)
