import { all, one } from "../../site/js/dom.js";

// Candle to noon, as far as a lamp should go.
const candle = [255, 147, 41];
const noon = [255, 236, 210];

function glow(kelvin) {
  const part = (kelvin - 1800) / 1200;
  return `rgb(${candle.map((channel, i) => Math.round(channel + (noon[i] - channel) * part)).join(" ")})`;
}

for (const widget of all(".warmth")) {
  const slider = one("input", widget);
  const follow = () => {
    widget.style.setProperty("--glow", glow(Number(slider.value)));
    one("output", widget).textContent = `${slider.value} K`;
  };
  slider.addEventListener("input", follow);
  follow();
}
