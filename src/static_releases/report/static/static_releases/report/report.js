// What the page can do beyond reading, where scripts run: copy a command, filter, open a release.
"use strict";

const root = document.querySelector(".sr");

for (const command of root.querySelectorAll(".sr-command")) {
  const code = command.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "sr-copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${code.textContent}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      // Without the permission, as in a page from the disk: leave it selected for Ctrl-C.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  command.append(button);
}

// Only the page in a file has this field: in the admin the server filters.
const field = root.querySelector("#sr-find");
if (field) {
  const rows = [...root.querySelectorAll("#sr-table tbody tr")];
  const names = rows.map((row) =>
    [row.querySelector(".sr-version"), ...row.querySelectorAll(".sr-pin")]
      .map((each) => each.textContent.toLowerCase())
  );
  const status = root.querySelector("#sr-found");
  field.closest("[hidden]").hidden = false;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let found = 0;
    rows.forEach((row, number) => {
      row.hidden = !names[number].some((name) => name.includes(wanted));
      found += !row.hidden;
    });
    status.textContent = wanted ? `${found} found` : "";
  });
}

// Browsers that don't yet open what a link leads into.
const open = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const closed = target && target.closest("details:not([open])");
  if (closed) {
    closed.open = true;
    target.scrollIntoView();
  }
};
addEventListener("hashchange", open);
open();
