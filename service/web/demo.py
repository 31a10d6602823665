"""The demo: an article of an invented newspaper that ends in the comments, there as long as a site `demo` is."""

from flask import Blueprint, Response

from service import sites
from service.web import context
from service.web.embed import frame, sheet
from service.web.embed.sheet import Article

demo = Blueprint("demo", __name__)

SITE = "demo"
ARTICLE = "nuoc-ve-tren-song-que"
TITLE = "Nước về trên sông Quê, người làng Vạn Phúc dựng lại bến đò"


@demo.get("/")
def article() -> Response:
    """Show the article; `UnknownSite`, and so 404, where nobody wants a demo."""
    with context.runtime().database.reading() as session:
        site = sites.find(session, SITE)
        shown = sheet.lay(session, site, Article(ARTICLE, f"{context.public_url()}/", TITLE))
    return frame.page("demo.html", site, sheet=shown, title=TITLE, enhanced=True)
