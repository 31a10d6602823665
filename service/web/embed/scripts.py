"""What host pages load: the script with its styles, its hash, the counts; made once from the files beside this one."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask import Blueprint, Response

from service.web.embed import frame

scripts = Blueprint("scripts", __name__)

KEPT_SECONDS = 300
"""How long a browser uses a script without asking: long enough for a reading, short enough for an upgrade."""


SPACE = re.compile(r"\s*([][{}();,=+*/<>!&|?:-])\s*|\s+")
"""White space that means nothing, beside a sign, and white space that parts two words."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file as it is sent."""

    text: bytes
    packed: bytes
    kind: str

    @property
    def digest(self) -> str:
        """Return what browsers compare the text with (Subresource Integrity)."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.text).digest()).decode()


@scripts.get("/embed.js")
def script() -> Response:
    """Send the script that makes `<binh-luan>` work."""
    return _sent(made("embed.js"))


@scripts.get("/embed.js.sri")
def script_hash() -> Response:
    """Send the script's hash, for `integrity`."""
    return _sent(Made(made("embed.js").digest.encode() + b"\n", b"", "text/plain"))


@scripts.get("/counts.js")
def counts() -> Response:
    """Send the script that counts comments in lists of articles."""
    return _sent(made("counts.js"))


@scripts.get("/embed.css")
def style() -> Response:
    """Send the styles of form and list for pages of ours."""
    return _sent(made("form.css"))


@cache
def made(name: str) -> Made:
    """Return a file without what only its readers need, packed once for all."""
    source = (files(__package__) / name).read_text(encoding="utf-8")
    if name == "embed.js":
        source = source.replace('"FORM.CSS"', json.dumps(made("form.css").text.decode()))
    text = (tight_styles(source) if name.endswith(".css") else tight(source)).encode()
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    return Made(text, gzip.compress(text, 9, mtime=0), kind)


def tight(source: str) -> str:
    """Drop what only readers of our scripts need; they keep to double quotes, semicolons and comments on own lines."""
    lines = (line.strip() for line in source.splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("//"))
    quoted = re.split(r'("(?:\\.|[^"\\])*")', code)
    quoted[::2] = [SPACE.sub(lambda found: found[1] or " ", part) for part in quoted[::2]]
    return "".join(quoted)


def tight_styles(source: str) -> str:
    """Drop what only readers of our styles need; a space before a colon is one that browsers need too."""
    bare = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*|(:)\s+", r"\1\2", bare).strip().replace(";}", "}")


def _sent(file: Made) -> Response:
    response = frame.parcel(file.text, file.kind, seconds=KEPT_SECONDS, packed=file.packed)
    # Pages of every origin load it, and with `integrity` only where this header lets them.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
