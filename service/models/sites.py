"""Where comments stand: sites, their articles, and articles that are flooded; no comment is here."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.models.base import Base


class Site(Base):
    """A website whose articles are commented on; `policy` is the document that `service.sites` reads."""

    __tablename__ = "sites"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    origins: Mapped[list[Any]]
    policy: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Article(Base):
    """What is commented on. `version` and `approved` change with every change of what is shown under it."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("site_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    key: Mapped[str] = mapped_column(String(512))
    title: Mapped[str] = mapped_column(String(300), default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    registered: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    approved: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    site: Mapped[Site] = relationship()


class Surge(Base):
    """An article that gets many times more comments than it is used to; gone when it has calmed down."""

    __tablename__ = "surges"
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime]
    recent: Mapped[int]
    usual: Mapped[float]
