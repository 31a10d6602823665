// <binh-luan site article>: form and list of an article on somebody else's page. No framework, no cookie, no
// address but the one that this file came from, nothing inline. Comments stand on lines of their own, since
// `scripts.tight` drops such lines; what readers see comes as words from /embed.json.
(() => {
  const me = document.currentScript;
  const base = new URL(me.src).origin;
  const css = "FORM.CSS";
  const TYPED = ["name", "phone", "title", "body"];

  // An element with attributes, event handlers (by functions) and children.
  const make = (tag, given, ...kids) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(given || {})) {
      if (typeof value == "function") element["on" + name] = value;
      else if (value || value === 0 || value === "") element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...kids.filter((kid) => kid || kid === ""));
    return element;
  };
  const get = async (path) => {
    const answer = await fetch(base + path, { credentials: "omit" });
    if (!answer.ok) throw answer;
    return answer;
  };
  const pause = (seconds) => new Promise((go) => setTimeout(go, seconds * 1000));
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(36)).join("");

  // ALTCHA's second format: count until the derived key begins as asked.
  const solve = async (posed) => {
    const wanted = posed.parameters;
    const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
    const nonce = bytes(wanted.nonce);
    const salt = bytes(wanted.salt);
    const password = new Uint8Array(nonce.length + 4);
    password.set(nonce);
    for (let counter = 0; ; counter++) {
      new DataView(password.buffer).setUint32(nonce.length, counter);
      const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
      const way = { name: "PBKDF2", hash: "SHA-256", salt, iterations: wanted.cost };
      const bits = await crypto.subtle.deriveBits(way, key, wanted.keyLength * 8);
      const derivedKey = Array.from(new Uint8Array(bits), (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (derivedKey.startsWith(wanted.keyPrefix)) {
        return btoa(JSON.stringify({ challenge: posed, solution: { counter, derivedKey } }));
      }
    }
  };

  class Comments extends HTMLElement {
    static observedAttributes = ["site", "article"];

    connectedCallback() {
      if (this.root) return this.poll();
      const root = this.attachShadow({ mode: "open" });
      try {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(css);
        root.adoptedStyleSheets = [sheet];
      } catch {
        root.append(make("style", {}, css));
      }
      this.root = make("div", { class: "bl", part: "root" }, make("slot"));
      root.append(this.root);
      addEventListener("offline", () => this.form && this.say(this.words.offline));
      addEventListener("online", () => this.lost && this.say(this.words.online));
      document.addEventListener("visibilitychange", () => this.poll());
      this.begin();
    }

    // A page that is built by script may name the article later, and then another one.
    attributeChangedCallback() {
      if (this.root) this.begin();
    }

    begin() {
      if (this.near) this.near.disconnect();
      const site = this.getAttribute("site");
      const canonical = document.querySelector("link[rel=canonical]");
      this.here = (canonical && canonical.href) || location.origin + location.pathname;
      this.place = { site, article: this.getAttribute("article") || this.here };
      this.query = "?" + new URLSearchParams(this.place);
      this.items = this.tag = this.next = this.form = 0;
      if (!site) return;
      this.near = new IntersectionObserver(
        (seen) => {
          if (!seen.some((one) => one.isIntersecting)) return;
          this.near.disconnect();
          this.load();
        },
        { rootMargin: "800px" },
      );
      this.near.observe(this);
    }

    async load() {
      const { query } = this;
      const first = this.read().catch(() => 0);
      try {
        const about = await (await get("/embed.json" + query)).json();
        if (query != this.query) return;
        this.about = about;
      } catch (problem) {
        // A site that does not exist stays away; a lost connection comes back.
        if (!(problem.status < 500)) setTimeout(() => this.isConnected && query == this.query && this.load(), 30000);
        return;
      }
      const words = (this.words = this.about.words);
      this.notice = make("p", { class: "say", part: "notice", role: "status" });
      this.count = make("span", { class: "count" });
      this.newer = make("button", { class: "plain", part: "link", hidden: true, click: () => this.show() }, words.newer);
      this.none = make("p", { class: "none", hidden: true }, words[this.about.closed ? "empty_closed" : "empty"]);
      this.items = make("ol", { class: "comments", part: "list" });
      this.older = make("button", { class: "plain", part: "link", hidden: true, click: () => this.more() }, words.older);
      this.top = make("div");
      const feed = make("a", { class: "feed", part: "link", href: base + "/v1/feed.atom" + this.query }, words.feed);
      const title = make("h2", { id: "list" }, words.list, " ", this.count);
      const list = make("section", { class: "list", "aria-labelledby": "list" });
      list.append(make("div", { class: "bar" }, title, this.newer), this.items, this.none);
      list.append(make("p", { class: "foot" }, this.older, feed));
      this.root.lang = this.about.language;
      this.draw();
      // The list is there when it comes into sight, so that nothing under it moves.
      const came = await first;
      if (query != this.query) return;
      if (came) this.arrive();
      // Who was already writing in the form of the page goes on writing in this one.
      const active = this.contains(document.activeElement) && this.fields && this.fields[document.activeElement.name];
      const { top, bottom } = this.getBoundingClientRect();
      if (this.form) this.adopt();
      this.root.replaceChildren(this.top, list);
      this.replaceChildren();
      if (active) active.focus();
      this.setAttribute("ready", "");
      // Who reads what stands below goes on reading there; nothing comes up from below into sight.
      const end = this.getBoundingClientRect().bottom;
      if (top < 0 && bottom < innerHeight) scrollBy({ top: end - bottom, behavior: "instant" });
      else if (end < bottom && end < innerHeight) this.setAttribute("held", "");
      this.poll();
    }

    // The form, or the word that there is none.
    draw() {
      const { words, about } = this;
      this.challenge = this.key = this.waits = this.form = 0;
      this.say();
      const heading = make("h2", { id: "write" }, words.heading);
      if (about.closed) return this.top.replaceChildren(heading, make("p", { class: "say", part: "notice" }, words.closed));
      this.fields = {};
      const row = (name, field, note, ...more) => {
        this.fields[name] = field;
        const must = field.required && make("span", { class: "must" }, words.required_mark);
        const label = make("label", { for: name, part: "label" }, words[name], must ? " " : "", must);
        const said = note && make("p", { class: "note", id: name + "-note" }, note);
        if (note) field.setAttribute("aria-describedby", name + "-note");
        return make("div", { class: "row " + name, part: "field" }, label, ...(more.length ? more : [field]), said);
      };
      const input = (name, given) => make("input", { id: name, name, part: "input", ...given });
      const fields = about.fields;
      const pair = make("div", { class: "pair" });
      pair.append(
        row("name", input("name", { autocomplete: "name", required: true, maxlength: fields.name })),
        row(
          "phone",
          input("phone", { type: "tel", inputmode: "tel", autocomplete: "tel", placeholder: "0912 345 678", required: about.phone }),
          words.phone_note,
        ),
      );
      const consent = (this.fields.consent = make("input", { type: "checkbox", name: "consent", value: "1" }));
      this.canvas = make("canvas", { class: "picture", part: "picture", width: 280, height: 130, role: "img" });
      this.canvas.setAttribute("aria-label", words.captcha_later);
      this.later = make("span", { class: "later", "aria-hidden": "true" }, words.captcha_later);
      this.listens = make("button", { type: "button", class: "plain", part: "link", click: () => this.listen() }, words.listen);
      const renew = make("button", { type: "button", class: "plain", part: "link", click: () => this.ask(1) }, words.refresh);
      const code = make("div", { class: "code" }, make("span", { class: "frame" }, this.canvas, this.later));
      const typed = input("captcha", { autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 32, required: true });
      typed.onfocus = () => this.challenge && !typed.value && Date.now() > this.stale && this.ask(1);
      code.append(typed, make("div", { class: "ways" }, renew, this.listens));
      this.captcha = row("captcha", typed, words.captcha_note, code);
      this.captcha.hidden = about.challenge == "none" || (about.challenge != "image" && !!crypto.subtle);
      this.send = make("button", { class: "send", part: "button" }, words.send);
      const pot = input("website", { tabindex: -1, autocomplete: "off" });
      this.form = make("form", {
        class: "form",
        part: "form",
        novalidate: true,
        "aria-labelledby": "write",
        submit: (event) => this.submit(event),
        input: ({ target }) => {
          // What is typed anew is another comment, and no longer wrong.
          if (TYPED.includes(target.name)) this.key = 0;
          if (target.ariaInvalid != "true") return;
          this.tell(target.name);
          if (!this.form.querySelector(".wrong")) this.say();
        },
      });
      this.form.append(
        make("p", { class: "note" }, words.required_note),
        make("div", { class: "pot", "aria-hidden": "true" }, make("label", { for: "website" }, words.website), pot),
        pair,
        make("div", { class: "row consent" }, make("label", {}, consent, make("span", {}, words.consent))),
        row("title", input("title", { autocomplete: "off", required: about.title, maxlength: fields.title })),
        row("body", make("textarea", { id: "body", name: "body", part: "input", rows: 6, required: true, maxlength: fields.body })),
        this.captcha,
        make("div", { class: "end" }, this.send, this.notice),
      );
      this.form.addEventListener("focusin", () => this.challenge || this.ask());
      this.top.replaceChildren(heading, this.form);
    }

    // What was typed in the form of the page stays: a code too, with the picture that it answers.
    adopt() {
      const before = (name) => (this.querySelector("[name=" + name + "]") || "").value || "";
      for (const name of TYPED) this.fields[name].value = before(name);
      this.fields.consent.checked = this.querySelector("[name=consent]:checked");
      const picture = this.querySelector("img.picture");
      if (!picture || !picture.naturalWidth || !before("captcha")) return;
      this.fields.captcha.value = before("captcha");
      this.captcha.hidden = false;
      this.paint(picture);
      const sound = this.querySelector("a.plain").href.slice(base.length);
      this.challenge = Promise.resolve({ token: before("token"), captcha_id: before("captcha_id"), sound });
    }

    say(text, lost) {
      this.lost = lost || text == this.words.offline;
      this.notice.textContent = text || "";
    }

    post(path, fields) {
      const headers = { Accept: "application/json", "Accept-Language": this.about.language };
      const body = new URLSearchParams({ ...this.place, ...fields });
      return fetch(base + path, { method: "POST", body, headers, credentials: "omit" });
    }

    // Get a challenge: a proof of work is solved unseen, a picture is drawn; `again` says that it is another one.
    ask(again) {
      if (this.about.challenge == "none") return (this.challenge = Promise.resolve({}));
      this.fields.captcha.value = "";
      const asked = async () => {
        const answer = await this.post("/v1/challenges", crypto.subtle ? {} : { kind: "image" });
        if (answer.status == 429) this.countDown(answer);
        if (!answer.ok) throw answer;
        const posed = answer.status == 204 ? {} : await answer.json();
        this.captcha.hidden = !posed.image_url;
        if (posed.pow) return { token: posed.token, pow: await solve(posed.pow) };
        if (posed.image_url) {
          this.paint(await createImageBitmap(await (await get(posed.image_url)).blob()));
          if (again) this.say(this.words.refreshed);
        }
        return { token: posed.token, captcha_id: posed.id, sound: posed.audio_url };
      };
      const challenge = (this.challenge = asked().catch((problem) => {
        if (this.challenge == challenge) this.challenge = 0;
        if (!this.waits) this.say(problem.ok === false ? this.words.captcha_away : this.words.offline, 1);
        throw problem;
      }));
      challenge.catch(() => 0);
      this.listen(1);
      return challenge;
    }

    paint(picture) {
      const canvas = this.canvas;
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.setAttribute("aria-label", this.words.captcha_alt);
      this.later.hidden = true;
      this.stale = Date.now() + this.about.challenge_seconds * 900;
    }

    async listen(stop) {
      if (this.sound) {
        this.sound.close();
        this.sound = 0;
        this.listens.textContent = this.words.listen;
        return;
      }
      if (stop) return;
      const sound = (this.sound = new AudioContext());
      const end = () => this.sound == sound && this.listen();
      this.listens.textContent = this.words.listen_stop;
      try {
        const { sound: path } = await (this.challenge || this.ask());
        const source = sound.createBufferSource();
        source.buffer = await sound.decodeAudioData(await (await get(path)).arrayBuffer());
        source.connect(sound.destination);
        source.onended = end;
        source.start();
        this.fields.captcha.focus();
      } catch {
        end();
        this.say(this.words.captcha_away);
      }
    }

    async submit(event) {
      event.preventDefault();
      if (this.busy || this.waits) return;
      const asked = Object.keys(this.about.wrong).filter((name) => {
        const field = this.fields[name];
        if (name == "consent") return this.fields.phone.value.trim() && !field.checked;
        return !field.value.trim() && field.required && !(name == "captcha" && this.captcha.hidden);
      });
      this.mark(asked.map((field) => ({ field, message: this.about.wrong[field] })));
      if (asked.length) return;
      this.busy = true;
      this.send.setAttribute("aria-disabled", "true");
      try {
        await this.deliver();
      } catch (problem) {
        if (!this.waits) this.say(navigator.onLine ? this.words.failed : this.words.offline, 1);
      }
      this.busy = false;
      if (!this.waits) this.send.removeAttribute("aria-disabled");
    }

    async deliver() {
      const { words } = this;
      for (let turn = 0; turn < 4; turn++) {
        this.say(words.checking);
        const { token, pow, captcha_id } = await (this.challenge || this.ask());
        // What was thought unseen may turn out to be a picture, which the reader has not answered yet.
        if (captcha_id && !this.captcha.hidden && !this.fields.captcha.value.trim()) {
          return this.mark([{ field: "captcha", message: this.about.wrong.captcha }]);
        }
        this.say(words.sending);
        const fields = Object.fromEntries(new FormData(this.form));
        this.key = this.key || random();
        const more = { token, pow, captcha_id, idempotency_key: this.key, article_url: this.getAttribute("url") || this.here };
        more.article_title = this.getAttribute("caption") || document.title;
        for (const [name, value] of Object.entries(more)) if (value) fields[name] = value;
        const answer = await this.post("/v1/comments", fields);
        const said = await answer.json().catch(() => ({}));
        if (answer.status == 202) return this.received(said);
        if (answer.status == 429 || answer.status == 503) return this.countDown(answer);
        if (answer.status == 423) {
          this.send.hidden = true;
          return this.say(words.closed);
        }
        if (answer.status == 409) {
          await pause(1);
          continue;
        }
        const codes = (said.errors || []).map((error) => error.code);
        const of = (...names) => codes.some((code) => names.includes(code));
        if (of("captcha_wrong", "captcha_expired")) this.ask();
        // A proof that ran out, or a form sent quickly: nothing that a reader must know of.
        if (of("pow_invalid", "pow_required", "token_invalid", "token_required")) this.ask();
        else if (of("idempotency_mismatch")) this.key = 0;
        else if (of("too_fast")) await pause(1.5);
        else return codes.length ? this.mark(said.errors) : this.say(said.title || words.failed);
      }
      this.say(words.failed);
    }

    // Say what is wrong under each field, and go to the first.
    mark(errors) {
      let first;
      for (const [name, field] of Object.entries(this.fields)) {
        const error = errors.find((one) => one.field == name);
        this.tell(name, error && error.message);
        if (error) first = first || field;
      }
      const unseen = errors.filter((one) => !this.fields[one.field]).map((one) => one.message);
      this.say(unseen.join(" ") || (errors.length ? this.words.fix : ""));
      if (first) first.focus();
    }

    tell(name, message) {
      const field = this.fields[name];
      const row = field.closest(".row");
      const old = row.querySelector(".wrong");
      const note = row.querySelector(".note") ? name + "-note" : "";
      if (old) old.remove();
      field.setAttribute("aria-invalid", !!message);
      field.setAttribute("aria-describedby", message ? name + "-wrong " + note : note);
      if (message) row.append(make("p", { class: "wrong", part: "error", id: name + "-wrong" }, message));
    }

    // Count down aloud once, then in silence, then say that it is over.
    countDown(answer) {
      const until = Date.now() + 1000 * (parseInt(answer.headers.get("Retry-After")) || 30);
      clearInterval(this.waits);
      this.send.setAttribute("aria-disabled", "true");
      const tick = () => {
        const seconds = Math.ceil((until - Date.now()) / 1000);
        if (seconds > 99) return this.say(this.words.limited_long.replace("{minutes}", Math.ceil(seconds / 60)));
        if (seconds > 0) return this.say(this.words.limited.replace("{seconds}", seconds));
        clearInterval(this.waits);
        this.waits = 0;
        this.notice.removeAttribute("aria-live");
        this.send.removeAttribute("aria-disabled");
        this.say(this.words.limit_over);
      };
      tick();
      this.waits = setInterval(() => {
        this.notice.setAttribute("aria-live", "off");
        tick();
      }, 1000);
    }

    received({ id, receipt }) {
      const { words } = this;
      const heading = make("h2", { tabindex: -1 }, words.pending);
      const note = make("p", {}, words.received + " " + words.pending_note);
      const link = make("a", { class: "plain", part: "link", href: base + "/receipts/" + receipt, target: "_blank", rel: "noopener" }, words.receipt_link);
      const again = make("button", { type: "button", class: "plain", part: "link" }, words.another);
      again.onclick = () => {
        this.draw();
        this.fields.name.focus();
      };
      const code = make("p", {}, words.receipt + ": ", make("code", {}, receipt));
      this.form = 0;
      this.mine = id;
      this.top.replaceChildren(
        make("div", { class: "slip", part: "receipt", role: "status" }, heading, note, code, make("p", { class: "ways" }, link, again)),
      );
      heading.focus();
      this.follow(receipt, heading, note);
    }

    // Ask after the comment, less and less often.
    async follow(receipt, heading, note) {
      for (let seconds = 1; heading.isConnected; seconds = Math.min(seconds * 1.4, 60)) {
        await pause(seconds);
        if (document.hidden) continue;
        const { status } = await get("/v1/receipts/" + receipt).then((answer) => answer.json()).catch(() => ({}));
        if (!status || status == "received") continue;
        heading.textContent = this.words[status];
        note.textContent = this.words[status + "_note"];
        // The list may lie in a cache for a moment longer.
        for (let turn = 0; turn < 5 && status == "published" && !this.shows(this.mine); turn++) {
          await this.poll();
          await pause(1);
        }
        return;
      }
    }

    // One list at a time; the browser asks with the tag that it has, and an unchanged list costs next to nothing.
    async poll() {
      clearTimeout(this.timer);
      if (!this.isConnected || !this.items || document.hidden) return;
      this.timer = setTimeout(() => this.poll(), 20000);
      // Where it fails, the list stays as it is until the next turn.
      if (await this.read().catch(() => 0)) this.arrive();
    }

    // Ask for the list; say whether it is another one.
    async read() {
      const { query } = this;
      const answer = await get("/v1/comments" + query);
      const tag = answer.headers.get("ETag");
      if ((tag && tag == this.tag) || query != this.query) return 0;
      this.tag = tag;
      return (this.latest = await answer.json());
    }

    arrive() {
      const { comments, count, next } = this.latest;
      this.count.textContent = "(" + count + ")";
      const box = this.items.getBoundingClientRect();
      const news = comments.filter((one) => !this.shows(one.id));
      const reads = this.items.firstChild && box.top < innerHeight && box.bottom > 0;
      // Nobody's text is pushed away while they read, but one's own comment is shown at once.
      if (reads && news.length && !news.some((one) => one.id == this.mine)) this.newer.hidden = false;
      else this.show();
      if (this.next === 0) this.cursor(next);
    }

    shows(id) {
      return [...this.items.children].some((item) => item.id == id);
    }

    // Put the list as it was read last on the page; older comments that were asked for stay under it.
    show() {
      const { comments, next } = this.latest;
      const last = comments.length && comments[comments.length - 1].id;
      const fresh = new Map(comments.map((one) => [one.id, one]));
      for (const item of [...this.items.children]) {
        if (fresh.has(item.id)) fresh.set(item.id, item);
        else if (!next || item.id > last) item.remove();
      }
      let before = this.items.firstChild;
      for (const one of fresh.values()) {
        if (one == before) before = before.nextSibling;
        else this.items.insertBefore(one.nodeType ? one : this.item(one), before);
      }
      this.newer.hidden = true;
      this.none.hidden = this.items.firstChild;
    }

    async more() {
      const answer = await get("/v1/comments" + this.query + "&cursor=" + this.next).catch(() => 0);
      if (!answer) return;
      const page = await answer.json();
      const items = page.comments.map((one) => this.item(one));
      this.items.append(...items);
      this.cursor(page.next);
      if (items[0]) items[0].focus();
    }

    cursor(next) {
      this.next = next;
      this.older.hidden = !next;
    }

    item({ id, name, title, body, created_at }) {
      const { words, about } = this;
      const form = { hour: "2-digit", minute: "2-digit", day: "2-digit", month: "2-digit", year: "numeric" };
      const parts = {};
      const format = new Intl.DateTimeFormat("en-GB", { ...form, timeZone: about.zone, hourCycle: "h23" });
      for (const part of format.formatToParts(new Date(created_at))) parts[part.type] = part.value;
      const when = parts.hour + ":" + parts.minute + " " + [parts.day, parts.month, parts.year].join("/");
      const label = words.report_of.replace("{name}", () => name);
      const report = make("summary", { class: "plain report", part: "link", "aria-label": label }, words.report);
      const reasons = Object.entries(about.reasons).map(([value, text]) => make("option", { value }, text));
      const choice = make("select", { "aria-label": words.report_reason, part: "input" }, ...reasons);
      const said = make("span", { role: "status", tabindex: -1 });
      const text = make("input", { "aria-label": words.report_text, placeholder: words.report_text, maxlength: 1000, part: "input" });
      const submit = async (event) => {
        event.preventDefault();
        const path = "/v1/comments/" + id + "/reports";
        const { ok } = await this.post(path, { reason: choice.value, text: text.value }).catch(() => ({}));
        said.textContent = ok ? words.reported : words.report_failed;
        if (!ok) return;
        end.replaceChildren(said);
        said.focus();
      };
      const send = make("button", { class: "plain", part: "link" }, words.report_send);
      const end = make("div", { class: "tell" });
      end.append(make("details", {}, report, make("form", { class: "ways", submit }, choice, text, send)), said);
      const who = make("b", { class: "who" }, name);
      const head = make("p", { class: "head" }, who, " ", make("time", { class: "when", datetime: created_at }, when));
      const subject = title && make("h3", { class: "about" }, title);
      return make("li", { id, class: "comment", part: "comment", tabindex: -1 }, head, subject, make("p", { class: "text" }, body), end);
    }
  }

  if (!customElements.get("binh-luan")) customElements.define("binh-luan", Comments);
  // <script data-site data-article> stands for an element in its own place, which its style held until now.
  if (me.dataset.site) {
    me.after(make("binh-luan", me.dataset));
    me.removeAttribute("style");
  }
})();
