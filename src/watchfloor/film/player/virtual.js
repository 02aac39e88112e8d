// A list of any length in which only the rows in view exist. Up and down move, Enter picks.
class VirtualList {
  /** draw(index) returns the row's element; pick(index) is called on click and Enter. */
  constructor(box, { height, draw, pick, label, role = "listbox", rowRole = "option" }) {
    Object.assign(this, { box, height, draw, pick, rowRole });
    this.count = 0;
    this.active = -1;
    this.space = el("div", { class: "virtual-space", role: "presentation" });
    box.replaceChildren(this.space);
    box.tabIndex = 0;
    box.setAttribute("role", role);
    if (label) box.dataset.label = label;
    box.addEventListener("scroll", () => this.later(), { passive: true });
    box.addEventListener("keydown", (event) => this.onKey(event));
    new ResizeObserver(() => this.later()).observe(box);
  }

  setCount(count, keepScroll) {
    this.count = count;
    this.tall = Math.min(count * this.height, 8000000); // browsers stop at some height; past it rows are mapped
    this.space.style.height = `${this.tall}px`;
    if (!keepScroll) this.box.scrollTop = 0;
    this.refresh();
  }

  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => this.refresh());
  }

  refresh() {
    this.waiting = 0;
    const view = this.box.clientHeight;
    const top = this.box.scrollTop;
    const rows = Math.ceil(view / this.height) + 2;
    const exact = this.tall === this.count * this.height;
    const share = this.tall > view ? top / (this.tall - view) : 0;
    const first = exact ? Math.floor(top / this.height) : Math.floor(share * Math.max(0, this.count - rows + 2));
    const nodes = [];
    for (let i = Math.max(0, first - 1); i < Math.min(this.count, first + rows); i += 1) {
      const node = this.draw(i);
      node.classList.add("virtual-row");
      node.setAttribute("role", this.rowRole);
      node.id = `${this.box.id}-${i}`;
      if (i === this.active) node.classList.add("active");
      node.style.height = `${this.height}px`;
      node.style.transform = `translateY(${exact ? i * this.height : top + (i - first) * this.height}px)`;
      node.addEventListener("click", () => { this.active = i; this.pick?.(i); });
      nodes.push(node);
    }
    this.space.replaceChildren(...nodes);
  }

  reveal(index) {
    const exact = this.tall === this.count * this.height;
    const view = this.box.clientHeight;
    if (!exact) { this.box.scrollTop = (index / Math.max(1, this.count - 1)) * (this.tall - view); return; }
    const top = index * this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top - this.height;
    else if (top + this.height > this.box.scrollTop + view) this.box.scrollTop = top - view + 2 * this.height;
  }

  onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    if (steps[event.key] && !event.altKey && !event.ctrlKey && !event.metaKey) {
      this.active = clamp(this.active + steps[event.key], 0, this.count - 1);
      this.box.setAttribute("aria-activedescendant", `${this.box.id}-${this.active}`);
      this.reveal(this.active);
      this.refresh();
    } else if (event.key === "Enter" && this.active >= 0) this.pick?.(this.active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
