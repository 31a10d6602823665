// Writes the number of comments into every element with data-binh-luan="ARTICLE", a hundred articles a call.
(() => {
  const me = document.currentScript;
  const places = [...document.querySelectorAll("[data-binh-luan]")];
  const articles = [...new Set(places.map((place) => place.dataset.binhLuan))];
  for (let at = 0; at < articles.length; at += 100) {
    const query = new URLSearchParams({ site: me.dataset.site });
    for (const article of articles.slice(at, at + 100)) query.append("article", article);
    fetch(new URL("/v1/counts?" + query, me.src), { credentials: "omit" })
      .then((answer) => answer.json())
      .then(({ counts }) => {
        for (const place of places) {
          const count = (counts || {})[place.dataset.binhLuan];
          if (count != null) place.textContent = count;
        }
      })
      .catch(() => 0);
  }
})();
