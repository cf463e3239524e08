// Who is here, which page, and the stream of events that they share.

import { caller, identify, logIn, logOut } from "/assets/api.js";
import { h, problem, show } from "/assets/dom.js";
import { keys, live } from "/assets/live.js";
import { accountPage, alertPage, modelPage, rulesPage, scorePage } from "/assets/pages.js";

const state = document.getElementById("state"), out = document.getElementById("logout");
let leave = () => {};

function say(cls, text) {
  state.className = `state ${cls}`;
  state.querySelector(".words").textContent = text;
}

function stream(handlers) {
  const source = new EventSource("/live");
  let broken = false;
  source.onopen = () => { say("on", "Live"); if (broken) handlers.again?.(); broken = false; };
  source.onerror = () => { broken = true; say("off", "No connection, trying again"); };
  for (const name of ["overview", "alert", "case"]) source.addEventListener(name, (event) => handlers[name]?.(JSON.parse(event.data)));
  return () => source.close();
}

function login(text = "") {
  const form = h("form", {}, h("label", {}, h("span", {}, "Token"), h("input", { name: "token", type: "password", autocomplete: "current-password", required: true })), h("button", { cls: "first" }, "Log in"));
  const place = h("div", { cls: "stack" }, text ? problem({ message: text, title: "Not logged in" }) : null);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try { await logIn(form.elements.token.value); start(); } catch (error) { place.replaceChildren(problem(error)); }
  });
  say("", "Not logged in");
  show(h("div", { cls: "login" }, h("h1", {}, "Prahari"), h("p", { cls: "lead" }, "Log in with the token that you were given."), h("div", { cls: "card stack" }, place, form)));
  form.elements.token.focus();
}

function route() {
  leave();
  leave = () => {};
  const [, page = "", ...rest] = location.hash.split("/"), argument = decodeURIComponent(rest.join("/"));
  document.title = { account: "Account", alert: "Alert", rules: "Rules", model: "Model", score: "Score" }[page] ? `${page[0].toUpperCase()}${page.slice(1)} · Prahari` : "Prahari";
  document.querySelectorAll("nav a").forEach((link) => {
    if (link.getAttribute("href") === `#/${page}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  if (page === "alert") alertPage(argument);
  else if (page === "account") accountPage(argument);
  else if (page === "rules") rulesPage();
  else if (page === "model") modelPage();
  else if (page === "score") scorePage();
  else { leave = live(stream); return; }
  leave = stream({});
}

async function start() {
  try {
    await identify();
  } catch (error) {
    if (error.status === 401) login();
    else { say("off", "No connection"); show(problem(error, start)); }
    return;
  }
  out.hidden = caller.csrf_token === null;
  out.title = `${caller.name}, ${caller.role}`;
  route();
}

out.addEventListener("click", async () => { leave(); await logOut().catch(() => {}); out.hidden = true; login(); });
window.addEventListener("hashchange", () => { if (location.hash.startsWith("#/") && caller) { route(); document.getElementById("main").focus({ preventScroll: true }); window.scrollTo(0, 0); } });
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); document.getElementById("main").focus(); });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|TEXTAREA|SELECT/.test(event.target.tagName)) return;
  if (event.key === "/") { event.preventDefault(); location.hash = "#/account"; }
  else keys(event);
});
start();
