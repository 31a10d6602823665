// Calls of the review API and of the desk's own parts, with the page's token; nothing about the page is known here.

const csrf = document.body.dataset.csrf ?? "";
const language = document.documentElement.lang;

export async function call(method, path, data) {
  const headers = { Accept: "application/json", "Accept-Language": language, "X-CSRF-Token": csrf };
  if (data) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, { method, headers, body: data && JSON.stringify(data), keepalive: true });
    const text = await answer.text();
    return { status: answer.status, ...(text && JSON.parse(text)), http: answer.status };
  } catch {
    return { http: 0 };
  }
}

export async function part(path) {
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  // A session that is over leads to the door, which is a whole page.
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}
