"""Reads pictures, in an environment of its own: ready-made OCR that knows alphabet and length, and a trained net.

`tests.bench.captcha_strength` starts it. It takes and prints JSON and knows nothing of the service.
"""

import base64
import io
import json
import sys
import time

import numpy as np
from PIL import Image

WIDTHS = (1.0, 1.6)
"""The ready-made models see 18 columns of a picture; a stretched one gives them more."""


def pictures(file):
    """Return the alphabet, the answers and the pictures of a file."""
    with open(file) as lines:  # noqa: PTH123 - this script stands alone.
        told = json.load(lines)
    answers = [answer for answer, _ in told["pictures"]]
    return told["letters"], answers, [base64.b64decode(raw) for _, raw in told["pictures"]]


# Ready-made


def ready_made(file):
    """Return the best rate of each model and width: whoever attacks tries all of them."""
    from ddddocr.core.ocr_engine import OCREngine  # noqa: PLC0415 - the other half needs torch instead.

    letters, answers, raws = pictures(file)
    grey = [Image.open(io.BytesIO(raw)).convert("L") for raw in raws]
    rates = {}
    spent = 0.0
    for name, engine in (("standard", OCREngine()), ("beta", OCREngine(beta=True))):
        signs = engine.charset_manager.get_charset()
        columns = [[i for i, sign in enumerate(signs) if sign and sign.upper() == letter] for letter in letters]
        # A picture, and its two halves: six letters in two rows are twice three in one.
        for way, cuts in (("whole", ((0.0, 1.0),)), ("rows", ((0.0, 0.51), (0.49, 1.0)))):
            for width in WIDTHS if way == "whole" else WIDTHS[:1]:
                begun = time.process_time()
                right = 0
                for answer, image in zip(answers, grey, strict=True):
                    if way == "rows" and len(answer) % 2:
                        continue
                    said = [
                        _read(engine, columns, letters, image, cut, len(answer) // len(cuts), width) for cut in cuts
                    ]
                    wanted = [answer] if way == "whole" else [answer[::2], answer[1::2]]
                    right += sorted(said) == sorted(wanted)
                spent = spent or (time.process_time() - begun) / len(answers)
                rates[f"{name} {way} x{width:g}"] = right / len(answers)
    best = max(rates, key=rates.__getitem__)
    return {"rate": rates[best], "way": best, "ways": rates, "seconds": spent}


def _read(engine, columns, letters, image, cut, length, width):
    top, bottom = (round(share * image.height) for share in cut)
    image = image.crop((0, top, image.width, bottom))
    size = (max(16, round(image.width * 64 / image.height * width)), 64)
    data = np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32)[None, None] / 255
    out = engine.session.run(None, {engine.session.get_inputs()[0].name: data})[0]
    out = out[:, 0] if out.shape[1] == 1 else out[0]
    scores = [out[:, 0]] + [np.logaddexp.reduce(out[:, one], axis=1) if one else out[:, 0] - 30 for one in columns]
    table = np.stack(scores, 1)
    return best_text(table - np.logaddexp.reduce(table, axis=1, keepdims=True), letters, length)


def best_text(table, letters, length, beam=60):
    """Return the most likely text of exactly this length (CTC beam search; column 0 is the blank)."""
    beams = {(): (0.0, -1e9)}
    for row in table:
        grown = {}
        for said, (blank, ink) in beams.items():
            _add(grown, said, 0, np.logaddexp(blank, ink) + row[0])
            if said:
                _add(grown, said, 1, ink + row[1 + said[-1]])
            if len(said) < length:
                for at in range(len(letters)):
                    since = blank if said and said[-1] == at else np.logaddexp(blank, ink)
                    _add(grown, (*said, at), 1, since + row[1 + at])
        kept = sorted(grown, key=lambda said: -max(grown[said]))
        # Each length keeps its own candidates, so that a long answer is not lost to the short ones.
        beams, left = {}, dict.fromkeys(range(length + 1), beam // 6)
        for said in kept:
            if left[len(said)] > 0:
                left[len(said)] -= 1
                beams[said] = tuple(grown[said])
    full = [said for said in beams if len(said) == length]
    if not full:
        return ""
    return "".join(letters[at] for at in max(full, key=lambda said: max(beams[said])))


def _add(grown, said, kind, score):
    both = grown.setdefault(said, [-1e9, -1e9])
    both[kind] = np.logaddexp(both[kind], score)


# Adapted


def adapted(train, test, seconds):
    """Give the ready-made model a new head, trained on free pictures for so long; return how many others it reads."""
    import torch  # noqa: PLC0415 - as above.
    from ddddocr.core.ocr_engine import OCREngine  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415

    torch.manual_seed(1)
    letters, known, raws = pictures(train)
    _, answers, unseen = pictures(test)
    length = len(known[0])
    engine = OCREngine(beta=True)
    x, z = (torch.tensor(_looked_at(engine, some)) for some in (raws, unseen))
    y = torch.tensor([[1 + letters.index(sign) for sign in one] for one in known])
    middle, spread = x.mean((0, 1)), x.std((0, 1)) + 1e-6
    x, z = (x - middle) / spread, (z - middle) / spread
    steps, wide = x.shape[1:]
    before = nn.Sequential(nn.Dropout(0.2), nn.Linear(wide, 192), nn.ReLU())
    along = nn.GRU(192, 160, num_layers=2, bidirectional=True, batch_first=True, dropout=0.3)
    after = nn.Linear(320, 1 + len(letters))
    everything = nn.ModuleList([before, along, after])

    def said(some):
        return after(along(before(some))[0]).log_softmax(2)

    step = torch.optim.AdamW(everything.parameters(), lr=2e-3, weight_decay=1e-3)
    begun, seen = time.monotonic(), 0
    while (gone := (time.monotonic() - begun) / seconds) < 1:
        for group in step.param_groups:
            group["lr"] = 2e-3 * max(0.02, min(1.0, 1.6 * (1 - gone)))
        some = torch.randint(len(x), (64,))
        lengths = torch.full((64,), steps), torch.full((64,), length)
        loss = nn.functional.ctc_loss(said(x[some]).transpose(0, 1), y[some], *lengths)
        step.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(everything.parameters(), 2.0)
        step.step()
        seen += 64
    everything.eval()
    with torch.no_grad():
        tables = said(z).numpy()
    texts = [best_text(table, letters, length) for table in tables]
    signs = sum(a == b for text, answer in zip(texts, answers, strict=True) for a, b in zip(text, answer, strict=False))
    right = sum(text == answer for text, answer in zip(texts, answers, strict=True))
    return {"rate": right / len(answers), "signs": signs / length / len(answers), "seen": seen, "of": len(x)}


def _looked_at(engine, raws):
    """Return what the ready-made model makes of each column: its eight thousand signs hold its whole last layer."""
    chance = np.random.default_rng(1)
    fold = None
    made = []
    for raw in raws:
        image = Image.open(io.BytesIO(raw)).convert("L")
        size = (round(image.width * 64 / image.height * WIDTHS[-1]), 64)
        data = np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32)[None, None] / 255
        out = engine.session.run(None, {engine.session.get_inputs()[0].name: data})[0]
        out = out[:, 0] if out.shape[1] == 1 else out[0]
        if fold is None:
            fold = chance.normal(0, 1 / 90, (out.shape[1], 320)).astype(np.float32)
        made.append(out @ fold)
    return np.stack(made)


if __name__ == "__main__":
    kind, *more = sys.argv[1:]
    result = ready_made(more[0]) if kind == "ready-made" else adapted(more[0], more[1], float(more[2]))
    print(json.dumps(result))
