// Builds elements from data: text is always text, so nothing that a payment holds can become markup.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name === "cls" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function show(...children) {
  const main = document.getElementById("main");
  main.replaceChildren(...children.flat(9).filter(Boolean));
  return main;
}

let hiding;
export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.classList.add("show");
  clearTimeout(hiding);
  hiding = setTimeout(() => place.classList.remove("show"), 4000);
}

export const skeleton = (lines = 3) =>
  h("div", { cls: "card stack", "aria-busy": "true" }, h("span", { cls: "sr" }, "Loading"),
    Array.from({ length: lines }, () => h("div", { cls: "bone" }, "\u00a0")));

export const empty = (title, text) => h("div", { cls: "card empty" }, h("h2", {}, title), h("p", {}, text));

export const problem = (error, again) =>
  h("div", { cls: "card problem", role: "alert" }, h("h2", {}, error.title || "That did not work"), h("p", {}, error.message),
    again ? h("button", { onclick: again }, "Try again") : null);
