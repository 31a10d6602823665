"""How many pictures and sounds a machine reads, in one try each; `make captcha-strength` prints it.

    python -m tests.bench.captcha_strength                     everything; about ten minutes on two cores
    python -m tests.bench.captcha_strength --train 0           without the solver that is trained first
    python -m tests.bench.captcha_strength --images 0          the sounds alone
    python -m tests.bench.captcha_strength --sheet FILE.png    fifty pictures for people; the answers beside them

The solver lives in `var/captcha-solver`, an environment of its own: nothing of it is needed to run or test the
service. What the sound is matched with is in `sound_matching`.
"""

import argparse
import base64
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from captcha.image import ImageCaptcha
from PIL import Image

from service.challenges.drawing import LETTERS, draw
from tests.bench import sound_matching

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "captcha-solver"
NEEDS = ("ddddocr==1.6.1", "torch==2.13.0")
DIGITS = "0123456789"
FREE = 4_000
"""Pictures that the adapted solver learns from: anybody can make as many of a free package's."""

Draw = Callable[[str, random.Random], bytes]


def ours(text: str, chance: random.Random) -> bytes:
    return draw(text, np.random.default_rng(chance.getrandbits(100)))


def packages(text: str, chance: random.Random) -> bytes:
    # The package draws from the module's own chance.
    random.seed(chance.getrandbits(64))
    return ImageCaptcha().generate(text).getvalue()


VARIANTS: dict[str, tuple[str, int, Draw]] = {
    "package, 4 digits (its default)": (DIGITS, 4, packages),
    "package, 6 of our letters": (LETTERS, 6, packages),
    "ours, 6 letters (shipped)": (LETTERS, 6, ours),
}


def made(letters: str, length: int, drawn: Draw, number: int, seed: int) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(seed)
    for _ in range(number):
        text = "".join(chance.sample(letters, length))
        yield text, drawn(text, chance)


def kept(file: Path, letters: str, pairs: list[tuple[str, bytes]]) -> Path:
    told = {"letters": letters, "pictures": [(text, base64.b64encode(raw).decode()) for text, raw in pairs]}
    file.write_text(json.dumps(told))
    return file


def solver(*arguments: str) -> dict[str, object]:
    """Run the solver in its own environment, making that first."""
    python = HOME / "bin" / "python"
    if not (HOME / "made").exists():
        print("Installing the solver into var/captcha-solver (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *NEEDS], check=True)
        (HOME / "made").touch()
    script = str(Path(__file__).with_name("captcha_solver.py"))
    done = subprocess.run([str(python), script, *arguments], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


# Contrast


def contrast(raw: bytes) -> float:
    """Return the WCAG contrast of the two tones a letter is told from its ground by.

    Of pictures that were compressed and blurred at their edges, the medians of the darker and the lighter half.
    """
    light = luminance(np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"), np.float64) / 255).ravel()
    middle = (light.max() + light.min()) / 2
    dark, bright = np.median(light[light < middle]), np.median(light[light >= middle])
    return float((bright + 0.05) / (dark + 0.05))


def luminance(rgb: np.ndarray) -> np.ndarray:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


# What is printed


def images(number: int, train: float, folder: Path) -> None:
    print(f"Pictures, {number} of each, one try each")
    for name, (letters, length, drawn) in VARIANTS.items():
        begun = time.process_time()
        pairs = list(made(letters, length, drawn, number, seed=77))
        spent = (time.process_time() - begun) / number
        test = kept(folder / "test.json", letters, pairs)
        found = solver("ready-made", str(test))
        enough = np.mean([contrast(raw) >= 4.5 for _, raw in pairs])
        size = np.mean([len(raw) for _, raw in pairs])
        print(f"\n{name}: {spent * 1000:.1f} ms to make, {size / 1000:.1f} kB, contrast >= 4.5 in {enough:.1%}")
        print(f"  ready-made  {found['rate']:.1%}  ({found['way']}, {found['seconds'] * 1000:.0f} ms each)")
        print(
            "              " + ", ".join(f"{way} {rate:.1%}" for way, rate in dict(found["ways"]).items()), flush=True
        )
        if train and drawn is ours:
            learnt = kept(folder / "train.json", letters, list(made(letters, length, drawn, FREE, seed=1)))
            taught = solver("adapted", str(learnt), str(test), str(train))
            print(
                f"  adapted     {taught['rate']:.1%}  ({taught['signs']:.1%} of the letters; {train:.0f} s on {FREE})"
            )
            sys.stdout.flush()


def sheet(file: Path, seed: int | None) -> None:
    """Draw fifty pictures, ten rows of five, for people to read before they look at the answers."""
    pairs = list(made(LETTERS, 6, ours, 50, seed if seed is not None else random.SystemRandom().getrandbits(64)))
    page = Image.new("RGB", (5 * 292 + 12, 10 * 142 + 12), "white")
    for at, (_, raw) in enumerate(pairs):
        page.paste(Image.open(io.BytesIO(raw)).convert("RGB"), (12 + at % 5 * 292, 12 + at // 5 * 142))
    page.save(file)
    file.with_suffix(".txt").write_text("\n".join(text for text, _ in pairs) + "\n")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--images", type=int, default=300)
    asked.add_argument("--sounds", type=int, default=40)
    asked.add_argument("--train", type=float, default=170, help="seconds; 0 for none")
    asked.add_argument("--sheet", type=Path)
    asked.add_argument("--seed", type=int)
    options = asked.parse_args()
    if options.sheet:
        sheet(options.sheet, options.seed)
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.images:
            images(options.images, options.train, Path(folder))
    sound_matching.report(options.sounds)


if __name__ == "__main__":
    main()
