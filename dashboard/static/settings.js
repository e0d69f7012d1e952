/* Settings: each change is one edit of the file; the server checks it as a process at start would, and says why not. */
(function () {
  "use strict";
  const page = document.getElementById("settings"), words = JSON.parse(page.dataset.words);
  const said = document.getElementById("trouble");
  const post = (what, body) => fetch(`/settings/${encodeURIComponent(page.dataset.store)}/${what}?lang=${page.dataset.lang}`, {
    method: "POST", body: JSON.stringify(body), headers: { "X-CSRF": page.dataset.csrf, "Content-Type": "application/json" } });

  const tell = (text, undo) => {
    said.textContent = text;
    if (!undo) return;
    const button = document.createElement("button");
    button.className = "small"; button.textContent = words.undo; button.addEventListener("click", takeBack);
    said.append(" ", button);
  };
  const mark = (node, reason) => {
    const line = node && node.closest(".field, form")?.querySelector(".wrong");
    if (line) { line.textContent = reason; line.hidden = !reason; }
    if (node) { if (reason) node.setAttribute("aria-invalid", "true"); else node.removeAttribute("aria-invalid"); }
    return Boolean(line);
  };

  const heard = (answer, node) => {
    if (answer.verdict === "ok") {
      page.dataset.version = answer.version;
      mark(node, ""); tell(words.ok, true);
      document.getElementById("restart").classList.add("due");
      return true;
    }
    const reason = answer.reason || words[answer.verdict] || answer.verdict;
    if (!mark(node, reason) || answer.verdict === "conflict") tell(words[answer.verdict] || reason);
    return false;
  };
  const ask = async (request, node) => {
    let answer;
    try { answer = await (await request()).json(); } catch (error) { answer = { verdict: "failed" }; } /* no network, or no answer in words */
    return heard(answer, node);
  };
  const edit = (op, path, value, node) => ask(() => post("edit", { version: page.dataset.version, edit: { op, path, value } }), node);
  const put = (what, file, node) => ask(() => fetch(`/settings/${encodeURIComponent(page.dataset.store)}/${what}?version=${page.dataset.version}&lang=${page.dataset.lang}`, {
    method: "POST", body: file, headers: { "X-CSRF": page.dataset.csrf, "Content-Type": "application/octet-stream" } }), node);
  window.floorcastEdit = edit;
  window.floorcastPut = put;

  async function takeBack() {
    const response = await post("undo", {});
    const answer = await response.json();
    if (answer.verdict === "ok") { tell(words.undone); window.location.reload(); } else tell(words[answer.verdict] || answer.reason);
  }

  /* The page made anew, or another where the change leads: this one's store may be gone. */
  const onward = (node, id) => { if (node.dataset.then) window.location.assign(node.dataset.then.replace("{id}", encodeURIComponent(id || ""))); else window.location.reload(); };

  const value = (node) => {
    const kind = node.dataset.kind;
    if (kind === "check") return node.checked;
    if (kind === "choices") return [...node.querySelectorAll("input:checked")].map((i) => i.value);
    if (kind === "words") return node.value.split(",").map((w) => w.trim()).filter(Boolean);
    if (kind === "number") return node.value.trim() === "" || Number.isNaN(Number(node.value)) ? node.value.trim() : Number(node.value);
    return node.value;
  };
  page.addEventListener("change", (event) => {
    const node = event.target.closest("[data-path][data-kind]");
    if (!node) return;
    const path = JSON.parse(node.dataset.path), given = value(node);
    const empty = (node.dataset.kind === "number" && given === "") || (node.dataset.optional !== undefined && !given.length);
    if (empty) edit("remove", path, null, node);
    else edit("set", path, given, node);
  });
  page.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "undo") { takeBack(); return; }
    if (button.dataset.remove) {
      if (button.dataset.sure !== "1") { button.dataset.sure = "1"; button.textContent = words.sure; return; }
      if (await edit("remove", JSON.parse(button.dataset.remove), null, button)) onward(button);
    }
    if (button.dataset.add && await edit("add", JSON.parse(button.dataset.add), JSON.parse(button.dataset.entry), button)) window.location.reload();
  });
  document.getElementById("new")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target, entry = JSON.parse(form.dataset.blank);
    for (const input of form.querySelectorAll("[data-key]")) {
      const [first, second] = input.dataset.key.split("."), given = input.value.trim();
      if (second) entry[first][second] = given; else if (given) entry[first] = given;
    }
    if (await edit("add", JSON.parse(form.dataset.path), entry, form)) onward(form, entry.id);
  });
})();
