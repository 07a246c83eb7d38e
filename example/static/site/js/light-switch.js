const root = document.documentElement;
const remembered = localStorage.getItem("light");
if (remembered) root.dataset.light = remembered;

const now = () => root.dataset.light ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "lamp" : "day");

export function startLightSwitch(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.light = now() === "day" ? "lamp" : "day";
    localStorage.setItem("light", root.dataset.light);
  });
}
