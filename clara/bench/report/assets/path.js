// One question: its answers side by side, a column a language, each with the whole path. Text is only ever set as text.
function textOf(value) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return String(Math.round(value * 10000) / 10000);
  return String(value);
}

// Any JSON value: lists as lists, objects as definition lists.
function shown(value, language) {
  if (Array.isArray(value)) {
    if (!value.length) return make("span", { class: "quiet" }, "none");
    return make("ul", {}, ...value.map((entry) => make("li", {}, shown(entry, language))));
  }
  if (value !== null && typeof value === "object") {
    const pairs = Object.entries(value).filter(([, entry]) => entry !== "" && entry !== null);
    return make("dl", { class: "facts" }, ...pairs.map(([key, entry]) =>
      make("div", {}, make("dt", {}, key.replaceAll("_", " ")), make("dd", {}, shown(entry, language)))));
  }
  return make("span", { dir: "auto" }, textOf(value));
}

const BRIEF = {
  detect: (d) => [d.language, d.romanised ? "romanised" : ""],
  translate: (d) => [d.stem ?? d.failure],
  assess: (d) => [d.judgement, d.adequate === false ? "not adequate" : ""],
  augment: (d) => [`${(d.terms ?? []).length} terms`],
  retrieve: (d) => [`${(d.queries ?? []).length} queries, ${(d.passages ?? []).length} passages`],
  grade: (d) => [`${(d.relevant ?? []).length} relevant`, d.sufficient === false ? "too little" : ""],
  rewrite: (d) => [d.query],
  answer: (d) => [d.label ?? d.failure, d.confidence === undefined || d.confidence === null ? "" : `confidence ${textOf(d.confidence)}`],
  verify: (d) => [d.accepted === false ? "not accepted" : d.accepted ? "accepted" : "", d.findings?.length ? `${d.findings.length} findings` : ""],
  localize: (d) => [d.localized === false ? "not localised" : ""],
};

function stepView(step, open) {
  const { step: name, seconds, ...detail } = step;
  const brief = (BRIEF[name]?.(detail) ?? []).filter(Boolean).join(" · ");
  const flags = Array.isArray(detail.flags) ? detail.flags.map((flag) => textOf(flag?.name ?? flag?.kind ?? flag)) : [];
  const time = seconds >= 0.001 ? `${textOf(Math.round(seconds * 1000) / 1000)} s` : "";
  return make("details", { class: "step", open },
    make("summary", {}, make("b", {}, name), " ", make("span", { class: "brief", dir: "auto" }, brief),
      ...flags.map((flag) => make("span", { class: "flag" }, flag)), make("span", { class: "time" }, time)),
    shown(detail));
}

function questionView(text, gold, label, code) {
  const options = Object.entries(text.options ?? {});
  const right = gold.split("|");
  return make("div", { class: "asked", lang: code || null, dir: "auto" },
    make("p", { class: "stem" }, text.question),
    make("ul", { class: "options" }, ...options.map(([letter, option]) => {
      const marks = [right.includes(letter) ? "right" : "", letter === label ? "chosen" : ""].filter(Boolean);
      return make("li", { class: marks.join(" ") || null, dir: "auto" }, make("b", {}, `${letter} `), option,
        marks.length ? make("span", { class: "mark", lang: "en" }, ` (${marks.join(", ")})`) : null);
    })));
}

function costLine(answer) {
  const usage = answer.usage ?? {};
  const parts = [];
  if (answer.confidence !== undefined) parts.push(`confidence ${textOf(answer.confidence)}`);
  if (answer.score !== undefined) parts.push(`score ${textOf(answer.score)}`);
  if (answer.rounds > 1) parts.push(`${answer.rounds} rounds`);
  if (answer.capped) parts.push("rounds ran out");
  if (usage.calls) parts.push(`${usage.calls} calls, ${usage.prompt_tokens} + ${usage.completion_tokens} tokens`);
  if (usage.seconds) parts.push(`${textOf(Math.round(usage.seconds * 100) / 100)} s`);
  return parts.length ? make("p", { class: "quiet" }, parts.join(" · ")) : null;
}

function part(title, ...children) {
  const kept = children.filter(Boolean);
  return kept.length ? make("div", { class: "part" }, make("h5", {}, title), ...kept) : null;
}

function said(text, code) {
  return text ? make("p", { class: "said", dir: "auto", lang: code || null }, text) : null;
}

function citationView(citation) {
  return make("li", {}, make("b", { dir: "auto" }, citation.title || citation.id),
    citation.source ? make("span", { class: "quiet" }, ` ${citation.source}`) : null,
    citation.quote ? make("blockquote", { dir: "auto" }, citation.quote) : null);
}

function answerView(store, answer, texts, gold, open, heading) {
  const language = store.languages[answer.language];
  const text = texts[answer.language];
  const letter = answer.label ? ` ${answer.label}` : "";
  const steps = (answer.trace ?? []).map((step) => stepView(step, open));
  const whole = text || steps.length || answer.reply || answer.error;
  return make("article", { class: "answer", "aria-label": heading },
    make("h4", {}, heading, " ", make("span", { class: `badge ${answer.outcome}` }, answer.outcome.replaceAll("_", " ") + letter)),
    costLine(answer),
    text ? part("Question", questionView(text, gold, answer.label, language.code)) : null,
    part("Reply as recorded", said(answer.reply)),
    part("Error", said(answer.error)),
    steps.length ? part("Path", ...steps) : null,
    part("Answer", said(answer.answer, language.code), answer.answer_english !== answer.answer ? said(answer.answer_english, "en") : null),
    answer.citations ? part("Evidence cited", make("ul", { class: "citations" }, ...answer.citations.map(citationView))) : null,
    answer.verdict ? part("Verdict", shown(answer.verdict)) : null,
    answer.warnings ? part("Warnings", shown(answer.warnings)) : null,
    whole ? null : make("p", { class: "quiet" }, "The journal holds no path for this answer."));
}
