// A list box that draws only the rows in sight, however many there are.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

class VirtualList {
  // draw(item) gives the children and the label of a row; chosen(item) is told what is selected.
  constructor(element, draw, chosen) {
    this.element = element;
    this.spacer = element.querySelector(".spacer");
    this.draw = draw;
    this.chosen = chosen;
    this.items = [];
    this.at = -1;
    this.height = parseFloat(getComputedStyle(element).getPropertyValue("--row"));
    element.addEventListener("scroll", () => this.render(), { passive: true });
    element.addEventListener("keydown", (event) => this.onKey(event));
    element.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.select(Number(row.dataset.at));
    });
    new ResizeObserver(() => this.render()).observe(element);
  }

  show(items) {
    const kept = this.items[this.at];
    this.items = items;
    this.at = items.indexOf(kept);
    this.spacer.style.height = `${items.length * this.height}px`;
    this.element.scrollTop = Math.max(0, this.at) * this.height;
    this.render();
  }

  render() {
    this.height = parseFloat(getComputedStyle(this.element).getPropertyValue("--row"));
    this.spacer.style.height = `${this.items.length * this.height}px`;
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.height) - 4);
    const last = Math.min(this.items.length, first + Math.ceil(this.element.clientHeight / this.height) + 9);
    const rows = [];
    for (let n = first; n < last; n++) rows.push(this.row(n));
    this.spacer.replaceChildren(...rows);
    if (this.at >= first && this.at < last) this.element.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  row(n) {
    const { label, children } = this.draw(this.items[n]);
    const row = make("div", {
      role: "option",
      id: `row-${n}`,
      class: "row",
      "data-at": n,
      "aria-selected": String(n === this.at),
      "aria-posinset": n + 1,
      "aria-setsize": this.items.length,
      "aria-label": label,
    }, ...children);
    row.style.transform = `translateY(${n * this.height}px)`;
    return row;
  }

  select(n) {
    if (n < 0 || n >= this.items.length) return;
    this.at = n;
    const top = n * this.height;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.element.scrollTop = top + this.height - clientHeight;
    this.render();
    this.chosen(this.items[n]);
  }

  onKey(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || !this.items.length) return;
    event.preventDefault();
    this.select(Math.min(this.items.length - 1, Math.max(0, this.at + steps[event.key])));
  }
}
