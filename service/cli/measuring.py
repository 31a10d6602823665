"""`evaluate`, `robustness`, `train`, `train-likeness`: measure and train the engine, without server or database."""

from pathlib import Path

import click

from service import evaluation

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=FILE)
@click.option("--failures", type=click.Path(dir_okay=False, path_type=Path), help="Write what was judged wrong here.")
def evaluate(paths: tuple[Path, ...], failures: Path | None) -> None:
    """Score the engine on PATHS: JSON lines of cases (`expect`) or texts (`label`, `text`), or examples (.tsv)."""
    try:
        for line in evaluation.evaluate(paths, failures):
            click.echo(line)
    except (evaluation.UnreadableSetError, evaluation.MisquotedCaseError) as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.argument("paths", nargs=-1, type=FILE)
def robustness(paths: tuple[Path, ...]) -> None:
    """Count what is missed when phrases, and the marked places of the cases in PATHS, are disguised."""
    click.echo(evaluation.robustness(paths))


@click.command()
@click.argument("paths", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the table goes.")
def train(paths: tuple[Path, ...], out: Path) -> None:
    """Train the learned table on PATHS, JSON lines of labelled texts, and print its figures."""
    for name, value in evaluation.train(paths, out).items():
        click.echo(f"{name}: {value:.4f}")


@click.command("train-likeness")
@click.argument("paths", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the table goes.")
@click.option("--without", multiple=True, help="Leave out the examples of this hand, to judge them as a stranger's.")
def train_likeness(paths: tuple[Path, ...], out: Path, without: tuple[str, ...]) -> None:
    """Train the table of likeness on the written examples, against the harmless texts of PATHS."""
    for name, value in evaluation.train_likeness(paths, out, without=without).items():
        click.echo(f"{name}: {value:.0f}")


COMMANDS = (evaluate, robustness, train, train_likeness)
