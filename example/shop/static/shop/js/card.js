import { make } from "../../site/js/dom.js";

/** Draw a piece of the API as the card that the server's template draws. */
export function card(piece) {
  return make(
    "li",
    { class: "card" },
    make(
      "a",
      { href: piece.page },
      make("img", { src: piece.picture, alt: "", width: 400, height: 500 }),
      make(
        "span",
        { class: "card-words" },
        make("strong", {}, piece.name),
        make("span", { class: "price" }, `€ ${piece.price_euros}`),
        make("span", { class: "card-line" }, piece.line),
      ),
    ),
  );
}
