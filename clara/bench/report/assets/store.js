// The data of the page: packed blocks that are read when they are needed, and the filters over the index.
const OUTCOMES = { c: "correct", w: "wrong", u: "unparsed", n: "no response", a: "abstained", " ": "not asked" };
const MARKS = { u: "?", n: "∅", a: "–", " ": "" };

const parsed = new Promise((resolve) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", resolve);
  else resolve();
});

// The value of a block; all but the index come after this script, so they may have to be waited for.
async function unpack(name) {
  if (name !== "index") await parsed;
  const packed = document.getElementById(`data-${name}`).textContent.trim();
  const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

class Store {
  constructor(index) {
    Object.assign(this, index);
    this.english = this.languages.findIndex((language) => language.name === "english");
    this.chunks = new Map();
    this.words = null;
  }

  // Outcomes and letters of one cell.
  cell(run, repeat, language, question) {
    const [outcomes, letters] = this.cells[run][repeat][language];
    return { outcome: outcomes[question], letter: letters[question].trim() };
  }

  // The run with the largest share of right answers.
  best() {
    const shares = this.cells.map((repeats) => {
      const asked = repeats.flat().map(([outcomes]) => outcomes).join("").replaceAll(" ", "");
      return asked.split("c").length / (asked.length + 1);
    });
    return shares.indexOf(Math.max(...shares));
  }

  // What the search reads: one lower-case text a question.
  loadWords() {
    this.loading ??= unpack("texts").then((texts) => {
      this.words = texts.map((parts, n) => [this.ids[n], this.themes[n], ...parts].join("\n").toLowerCase());
    });
    return this.loading;
  }

  // The numbers of the questions that pass; search needs loadWords first.
  filter({ run, repeat, show, language, disagree, differ, flagged, text }) {
    const rows = this.cells[run][repeat];
    const chosen = language === "" ? rows.map((_, n) => n) : [Number(language)];
    const needle = text.trim().toLowerCase();
    const found = [];
    for (let q = 0; q < this.ids.length; q++) {
      if (flagged && !(q in this.flagged)) continue;
      if (needle && !this.words[q].includes(needle)) continue;
      if (!this.shows(show, rows, chosen, q)) continue;
      if (disagree && !this.disagrees(rows, q)) continue;
      if (differ && !this.differs(chosen, q)) continue;
      found.push(q);
    }
    return found;
  }

  shows(show, rows, chosen, q) {
    const outcomes = chosen.map((n) => rows[n][0][q]).filter((outcome) => outcome !== " ");
    if (!outcomes.length) return false;
    if (show === "wrong") return outcomes.some((outcome) => outcome !== "c");
    if (show === "everywhere") return outcomes.every((outcome) => outcome !== "c");
    if (show === "lost") return outcomes.some((outcome) => outcome !== "c" && outcome !== "w");
    if (show === "english") {
      const others = chosen.filter((n) => n !== this.english && rows[n][0][q] !== " ");
      return this.english >= 0 && rows[this.english][0][q] === "c" && others.some((n) => rows[n][0][q] !== "c");
    }
    return true;
  }

  disagrees(rows, q) {
    const asked = rows.filter((row) => row[0][q] !== " ");
    return asked.some((row) => row[1][q] !== asked[0][1][q]);
  }

  // True if one run is right where another is not, in a chosen language.
  differs(chosen, q) {
    return chosen.some((n) => {
      const asked = this.cells.map((repeats) => repeats[0][n][0][q]).filter((outcome) => outcome !== " ");
      return asked.includes("c") && asked.some((outcome) => outcome !== "c");
    });
  }

  // Texts and answers of one question.
  async question(q) {
    let chunk = this.starts.length - 1;
    while (this.starts[chunk] > q) chunk--;
    if (!this.chunks.has(chunk)) {
      if (this.chunks.size > 8) this.chunks.delete(this.chunks.keys().next().value);
      this.chunks.set(chunk, unpack(`chunk-${chunk}`));
    }
    return (await this.chunks.get(chunk))[q - this.starts[chunk]];
  }
}
