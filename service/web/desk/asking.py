"""What the queue's address says: which comments, in which order; parsed leniently, since people edit addresses."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from service.comments.queue import Filter, Order
from service.moderation.vocabulary import Category

VIEWS = ("held", "escalated", "reported", "pending", "approved", "rejected")
ORDERS: tuple[Order, ...] = ("priority", "oldest", "newest")
AGES = (1, 4, 24, 72)
"""Hours that a comment may have waited at least."""
CATEGORIES = (*(one.value for one in Category), "unchecked")
KEPT = ("view", "site", "article", "category", "check", "older", "q", "order")
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of the list's address; '' where a part does not narrow."""

    view: str = "held"
    site: str = ""
    article: str = ""
    category: str = ""
    check: str = ""
    older: str = ""
    q: str = ""
    order: str = "priority"
    cursor: str = ""
    item: uuid.UUID | None = None

    def wanted(self, now: datetime) -> Filter:
        """Return the queue's filter."""
        status = {"escalated": "held", "reported": "approved"}.get(self.view, self.view)
        return Filter(
            status=status,
            site=self.site or None,
            article=self.article or None,
            reason=self.category or None,
            check=self.check or None,
            text=self.q or None,
            reported=self.view == "reported",
            escalated={"held": False, "escalated": True}.get(self.view),
            before=now - timedelta(hours=int(self.older)) if self.older else None,
            order=next(one for one in ORDERS if one == self.order),
        )

    def kept(self) -> dict[str, str]:
        """Return what makes this list what it is, without a place in it and without what is the default."""
        return {name: getattr(self, name) for name in KEPT if getattr(self, name) != getattr(DEFAULT, name)}

    def address(self, **more: str) -> str:
        """Return the query string of this list, with further parts; '' leaves a part out."""
        return urlencode({name: value for name, value in {**self.kept(), **more}.items() if value})

    @property
    def narrowed(self) -> bool:
        """Say whether more than the view was chosen."""
        return bool(set(self.kept()) - {"view", "order"})


DEFAULT = Asked()


def parse(sent: Mapping[str, str]) -> Asked:
    """Read the parts that make sense and leave the others at their defaults."""
    text = {name: sent.get(name, "").strip()[:LONGEST] for name in (*KEPT, "cursor")}
    asked = Asked(
        view=_one_of(text["view"], VIEWS, "held"),
        site=text["site"],
        article=sent.get("article", "")[:LONGEST],
        category=_one_of(text["category"], CATEGORIES, ""),
        check=text["check"] if text["check"].replace("_", "").isalpha() else "",
        older=_one_of(text["older"], tuple(map(str, AGES)), ""),
        q=text["q"].replace("\x00", ""),
        order=_one_of(text["order"], ORDERS, "priority"),
        cursor=text["cursor"],
    )
    try:
        return replace(asked, item=uuid.UUID(sent["item"]))
    except (KeyError, ValueError):
        return asked


def _one_of(value: str, known: tuple[str, ...], otherwise: str) -> str:
    return value if value in known else otherwise


def from_address(query: str) -> dict[str, str]:
    """Return the parts of a query string that a form carried along."""
    try:
        return dict(parse_qsl(query[: LONGEST * 8], max_num_fields=20))
    except ValueError:
        return {}
