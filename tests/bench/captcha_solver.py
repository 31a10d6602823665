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
    """Train a small convolutional net on free pictures for so long, and return how many others it reads."""
    import torch  # noqa: PLC0415 - as above.
    from torch import nn  # noqa: PLC0415

    torch.manual_seed(1)
    letters, known, raws = pictures(train)
    _, answers, unseen = pictures(test)
    length = len(known[0])
    x, y = torch.tensor(_seen(raws)), torch.tensor([[letters.index(sign) for sign in one] for one in known])
    z = torch.tensor(_seen(unseen))
    layers, channels = [], 2
    for wide, pool in ((32, 2), (64, 2), (96, 2), (128, (2, 1))):
        layers += [nn.Conv2d(channels, wide, 3, padding=1), nn.BatchNorm2d(wide), nn.ReLU(), nn.MaxPool2d(pool)]
        channels = wide
    net = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(384), nn.ReLU(), nn.Dropout(0.3))
    net.append(nn.Linear(384, length * len(letters)))
    net(x[:2])
    step = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    begun = time.monotonic()
    seen = 0
    while (gone := (time.monotonic() - begun) / seconds) < 1:
        for group in step.param_groups:
            group["lr"] = 2e-3 * max(0.02, min(1.0, 1.6 * (1 - gone)))
        some = torch.randint(len(x), (64,))
        moved = torch.roll(x[some], (int(torch.randint(-2, 3, ())), int(torch.randint(-4, 5, ()))), (2, 3))
        loss = nn.functional.cross_entropy(net(moved).view(-1, len(letters)), y[some].view(-1))
        step.zero_grad()
        loss.backward()
        step.step()
        seen += 64
    net.eval()
    with torch.no_grad():
        said = torch.cat([net(part).view(-1, length, len(letters)).argmax(2) for part in z.split(64)]).tolist()
    texts = ["".join(letters[at] for at in one) for one in said]
    signs = sum(a == b for text, answer in zip(texts, answers, strict=True) for a, b in zip(text, answer, strict=True))
    right = sum(text == answer for text, answer in zip(texts, answers, strict=True))
    return {"rate": right / len(answers), "signs": signs / length / len(answers), "seen": seen, "of": len(x)}


def _seen(raws):
    """Return brightness and edges of each picture: edges stay where dark and light change places."""
    made = []
    for raw in raws:
        grey = np.asarray(Image.open(io.BytesIO(raw)).convert("L").resize((144, 64)), np.float32) / 255
        down, across = np.gradient(grey)
        made.append(np.stack([grey - 0.5, 3 * np.hypot(down, across)]))
    return np.stack(made)


if __name__ == "__main__":
    kind, *more = sys.argv[1:]
    result = ready_made(more[0]) if kind == "ready-made" else adapted(more[0], more[1], float(more[2]))
    print(json.dumps(result))
