"""Atom feeds of approved comments (RFC 4287)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from service.comments.reading import Published
from service.sites import KnownSite

ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write (section 2.2)."""
ET.register_namespace("", ATOM)


def atom(site: KnownSite, article: str, entries: Sequence[tuple[Published, str, str, str]], *, base: str) -> bytes:
    """Return the feed as UTF-8; texts are text, never markup.

    `base` is the service's address as its operator set it, '' where it is not: never what a client calls
    us, since a shared cache may keep the answer.
    """
    root = ET.Element(f"{{{ATOM}}}feed")
    _put(root, "id", f"urn:duyet:{site.key}:{quote(article, safe='')}")
    _put(
        root,
        "title",
        f"Bình luận – {site.name}" if site.policy.language == "vi" else f"Comments – {site.name}",
    )
    updated = max((one.created_at for one, *_ in entries), default=datetime(1970, 1, 1, tzinfo=UTC))
    _put(root, "updated", updated.isoformat())
    query = {"site": site.key, "article": article} if article else {"site": site.key}
    ET.SubElement(root, f"{{{ATOM}}}link", rel="self", href=f"{base}/v1/feed.atom?{urlencode(query)}")
    for comment, _key, title, url in entries:
        entry = ET.SubElement(root, f"{{{ATOM}}}entry")
        _put(entry, "id", f"urn:uuid:{comment.id}")
        _put(entry, "title", comment.title or title or "–")
        _put(entry, "updated", comment.created_at.isoformat())
        _put(ET.SubElement(entry, f"{{{ATOM}}}author"), "name", comment.name)
        if url.startswith(("https://", "http://")):
            ET.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=NOT_XML.sub("", url))
        _put(entry, "content", comment.body).set("type", "text")
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _put(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = NOT_XML.sub("\ufffd", text)
    return element
