// The question browser: filters, the list, and the chosen question.
const field = (name) => document.getElementById(`f-${name}`);

function option(value, label) {
  return make("option", { value }, label);
}

class Browser {
  constructor(store) {
    this.store = store;
    this.pane = document.getElementById("path");
    this.languages = new Set(store.languages.keys());
    this.unfolded = false;
    this.question = null;
    this.fill();
    this.runs = new Set([store.best()]);
    field("run").value = store.best();
    this.list = new VirtualList(document.getElementById("list"), (q) => this.row(q), (q) => this.open(q));
    const form = document.getElementById("filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.apply());
    form.addEventListener("reset", () => setTimeout(() => {
      field("run").value = store.best();
      this.apply();
    }));
    field("run").addEventListener("change", () => this.changeRun());
  }

  fill() {
    const { runs, languages, repeats, flagged } = this.store;
    field("run").append(...runs.map((name, n) => option(n, name)));
    field("repeat").append(...Array.from({ length: Math.max(...repeats) }, (_, n) => option(n, n + 1)));
    field("language").append(...languages.map((language, n) => option(n, language.name)));
    field("repeat-label").hidden = Math.max(...repeats) < 2;
    field("differ-label").hidden = runs.length < 2;
    field("flagged-label").hidden = !Object.keys(flagged).length;
    document.getElementById("heads").append(
      ...languages.map(({ name, code }) => make("span", { title: name }, (code || name).slice(0, 3))));
    document.getElementById("filters").hidden = false;
    document.getElementById("browser").hidden = false;
  }

  wanted() {
    const run = Number(field("run").value);
    return {
      run,
      repeat: Math.min(Number(field("repeat").value), this.store.repeats[run] - 1),
      show: field("show").value,
      language: field("language").value,
      disagree: field("disagree").checked,
      differ: field("differ").checked,
      flagged: field("flagged").checked,
      text: field("text").value,
    };
  }

  async apply() {
    const wanted = this.wanted();
    if (wanted.text.trim()) await this.store.loadWords();
    const found = this.store.filter(wanted);
    this.now = wanted;
    this.list.show(found);
    const all = this.store.ids.length;
    document.getElementById("count").textContent = `${found.length} of ${all} questions`;
    document.documentElement.dataset.filters = Number(document.documentElement.dataset.filters ?? 0) + 1;
  }

  changeRun() {
    this.runs = new Set([Number(field("run").value)]);
    if (this.question !== null) this.open(this.question);
  }

  row(q) {
    const { store, now } = this;
    const cells = store.languages.map(({ name }, n) => ({ name, ...store.cell(now.run, now.repeat, n, q) }));
    const marks = cells.map(({ name, outcome, letter }) =>
      make("span", { class: `cell ${outcome}`, title: `${name}: ${OUTCOMES[outcome]}` }, MARKS[outcome] ?? (letter || "·")));
    const title = store.titles[q] || store.themes[q];
    const results = cells.filter(({ outcome }) => outcome !== " ").map(({ name, outcome }) => `${name} ${OUTCOMES[outcome]}`);
    return {
      label: `Question ${store.ids[q]}: ${title}. ${results.join(", ")}`,
      children: [
        make("span", { class: "id" }, store.ids[q]),
        make("span", { class: "title", dir: "auto" }, q in store.flagged ? make("span", { class: "flag" }, "flagged") : null, title),
        make("span", { class: "cells" }, ...marks),
      ],
    };
  }

  async open(q) {
    this.question = q;
    const { texts, answers } = await this.store.question(q);
    if (this.question !== q) return; // another was chosen meanwhile
    const { ids, themes, gold, flagged, runs, languages } = this.store;
    const shownAnswers = answers
      .filter((a) => this.runs.has(a.run) && this.languages.has(a.language) && a.repeat === this.now.repeat)
      .sort((a, b) => a.language - b.language || a.run - b.run);
    const heading = (a) => (this.runs.size > 1 ? `${languages[a.language].name} · ${runs[a.run]}` : languages[a.language].name);
    const parts = [
      make("h3", {}, `Question ${ids[q]}`, themes[q] ? make("small", {}, ` ${themes[q]}`) : null),
      make("p", {}, gold[q] ? `Right: ${gold[q].replaceAll("|", " or ")}` : "Free text"),
      ...(flagged[q] ?? []).map((problem) => make("p", { class: "note" }, `Audit: ${problem}`)),
      this.choices("Runs", runs, this.runs, runs.length > 1),
      this.choices("Languages", languages.map(({ name }) => name), this.languages, languages.length > 1),
      this.unfold(),
      make("div", { class: "columns", tabindex: 0, role: "region", "aria-label": "Answers side by side" },
        ...shownAnswers.map((a) => answerView(this.store, a, texts, gold[q], this.unfolded, heading(a)))),
    ];
    this.pane.replaceChildren(...parts.filter(Boolean));
  }

  choices(title, names, chosen, wanted) {
    if (!wanted) return null;
    const box = (name, n) => {
      const input = make("input", { type: "checkbox", checked: chosen.has(n) });
      input.addEventListener("change", () => {
        if (input.checked) chosen.add(n);
        else chosen.delete(n);
        this.reopen(title, n);
      });
      return make("label", { class: "check" }, input, ` ${name}`);
    };
    return make("fieldset", { "data-name": title }, make("legend", {}, title), ...names.map(box));
  }

  unfold() {
    const input = make("input", { type: "checkbox", checked: this.unfolded });
    input.addEventListener("change", () => {
      this.unfolded = input.checked;
      for (const step of this.pane.querySelectorAll("details.step")) step.open = input.checked;
    });
    return make("label", { class: "check" }, input, " unfold every step");
  }

  // Draw again and keep the keyboard where it was.
  async reopen(title, n) {
    await this.open(this.question);
    this.pane.querySelector(`fieldset[data-name="${title}"]`).querySelectorAll("input")[n].focus();
  }
}

async function startBrowser() {
  if (!document.getElementById("data-index")) return;
  const browser = new Browser(new Store(await unpack("index")));
  await browser.apply();
  document.documentElement.dataset.ready = performance.now().toFixed(0);
  field("text").addEventListener("focus", () => browser.store.loadWords(), { once: true }); // before the first key is pressed
}

startBrowser();
