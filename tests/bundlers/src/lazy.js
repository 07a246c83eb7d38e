import "./lazy.css";

export function show() {
  const logo = document.createElement("img");
  logo.id = "logo";
  logo.onload = () => { window.lazyRan = true; };
  logo.src = new URL("./logo.svg", import.meta.url).href;
  document.body.append(logo);
}
