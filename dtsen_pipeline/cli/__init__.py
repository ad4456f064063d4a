"""`dtsen`: the way for a person or a script to ask. Each command is short; what it does stands in lower rooms.

Exit codes: 0 done, 1 the answer is no, 2 wrong usage. Whatever goes wrong ends here as a code, a place and a
sentence: no traceback, no value from the data and nothing that was typed is repeated.
"""

import os
import sys
import warnings
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from dtsen_pipeline.cli import (
    approving,
    balancing,
    benefits,
    closing,
    deciding,
    doubting,
    explaining,
    files,
    forming,
    guarding,
    keeping,
    measuring,
    models,
    passport,
    people,
    proposing,
    publishing,
    pulling,
    receipts,
    rejecting,
    reviewing,
    visiting,
)
from dtsen_pipeline.cli.house import has_number, number_refused
from dtsen_pipeline.cli.output import NO, WRONG_USAGE, complain
from dtsen_pipeline.schemas.errors import DtsenError

INTERRUPTED = 130
PROBLEMS = {
    "NoSuchOption": "there is no such option",
    "MissingParameter": "something is missing",
    "BadParameter": "a value cannot be used",
    "BadOptionUsage": "an option stands without its value",
}

app = typer.Typer(
    name="dtsen",
    help="Data DTSEN terverifikasi dengan asal-usul setiap nilainya. / Verified DTSEN data with lineage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
COMMANDS = {
    **keeping.COMMANDS,
    **files.COMMANDS,
    **pulling.COMMANDS,
    **deciding.COMMANDS,
    **passport.COMMANDS,
    **publishing.COMMANDS,
    **people.COMMANDS,
    **rejecting.COMMANDS,
    **closing.COMMANDS,
    **receipts.COMMANDS,
    **benefits.COMMANDS,
    **guarding.COMMANDS,
    **doubting.COMMANDS,
    **reviewing.COMMANDS,
    **balancing.COMMANDS,
    **visiting.COMMANDS,
    **forming.COMMANDS,
    **measuring.COMMANDS,
    **proposing.COMMANDS,
    **explaining.COMMANDS,
}
"""Every command by name."""
for name, command in COMMANDS.items():
    app.command(name)(command)

model = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Model kesejahteraan. / Welfare models.")
MODEL_COMMANDS = {**models.COMMANDS, **approving.COMMANDS}
for name, command in MODEL_COMMANDS.items():
    model.command(name)(command)
app.add_typer(model, name="model")
COMMANDS |= {f"model {name}": command for name, command in MODEL_COMMANDS.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    if arguments is None and not sys.warnoptions:
        warnings.simplefilter("ignore")
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_json = "--json" in given
    try:
        return int(app(args=given, prog_name="dtsen", standalone_mode=False) or 0)
    except TyperException as error:
        return _misused(error, given, is_json=is_json)
    except DtsenError as error:
        return complain(error, is_json=is_json)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - an unexpected error's own text could hold a citizen's data
        return complain(DtsenError("E_UNEXPECTED", type(error).__name__), is_json=is_json)


def _misused(error: TyperException, given: Sequence[str], *, is_json: bool) -> int:
    """Wrong usage, in words of ours: what was typed is not repeated."""
    kind, context = type(error).__name__, getattr(error, "ctx", None)
    if kind == "NoArgsIsHelpError" and context is not None:
        typer.echo(context.get_help(), err=True)
        return WRONG_USAGE
    if has_number(*given):
        return complain(number_refused(), is_json=is_json)
    problem = PROBLEMS.get(kind, "the command or its arguments are not known")
    param = getattr(error, "param", None)
    where = f" ({_named(param)})" if param is not None else ""
    path = context.command_path if context is not None else "dtsen"
    return complain(DtsenError("E_USAGE", f"{problem}{where}; see {path} --help"), is_json=is_json)


def _named(param: object) -> str:
    options = [name for name in getattr(param, "opts", ()) if name.startswith("-")]
    return options[0] if options else str(getattr(param, "human_readable_name", "an argument"))
