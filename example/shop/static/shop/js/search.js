import { calmly, make, one } from "../../site/js/dom.js";
import { card } from "./card.js";

const form = one("[data-search]");
const shelf = one("[data-pieces]");

async function search() {
  const words = one("input", form).value.trim();
  const answer = await fetch(`${form.dataset.search}?search=${encodeURIComponent(words)}`, {
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) return;
  const { results } = await answer.json();
  shelf.replaceChildren(...(results.length ? results.map(card) : [make("li", { class: "nothing" }, "Nothing by that name.")]));
}

one("input", form).addEventListener("input", calmly(search));
