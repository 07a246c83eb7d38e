import { make } from "./dom.js";

export function show(source, words) {
  const dialog = make("dialog", { class: "lightbox", "aria-label": words }, make("img", { src: source, alt: words }));
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
