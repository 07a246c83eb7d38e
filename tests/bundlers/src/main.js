import "./main.css";

window.mainRan = true;
import("./lazy.js").then((lazy) => lazy.show());
