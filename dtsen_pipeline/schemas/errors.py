"""The one error a person is meant to read. It carries a code and a place, never a value from the data."""

TOKEN_LENGTH = 12
"""A file's token is so many leading hexadecimal digits of its sha256."""


class DtsenError(Exception):
    """A refusal with a stable reason code and the place where it happened.

    `token` is the first 12 hexadecimal digits of the file's sha256; `line` is a physical line number
    starting at 1; `column` is a column name of the contract.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        token: str | None = None,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.token = token
        self.line = line
        self.column = column

    def __str__(self) -> str:
        """Code, place and sentence, as people read it."""
        place = [f"file {self.token}"] if self.token else []
        place += [f"line {self.line}"] if self.line is not None else []
        place += [f"column {self.column}"] if self.column else []
        return f"{' '.join([self.code, *place])}: {self.message}"
