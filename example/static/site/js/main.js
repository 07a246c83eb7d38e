import { all, one } from "./dom.js";
import { startLightSwitch } from "./light-switch.js";

startLightSwitch(one(".light-switch"));

// The big view is fetched when somebody wants it.
for (const link of all("[data-lightbox]")) {
  link.addEventListener("click", async (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    const { show } = await import("./lightbox.js");
    show(link.href, one("img", link).alt);
  });
}
