// The first page: how fast, how much of the budget, and the newest alerts.

import { ask } from "/assets/api.js";
import { card, judge } from "/assets/alerts.js";
import { meter, mix, spark } from "/assets/charts.js";
import { empty, h, problem, show, skeleton } from "/assets/dom.js";
import { count, percent, shareOf } from "/assets/format.js";

const KEPT = 100, POINTS = 300;
const cards = new Map();
let chosen = "open";

function tile(name) {
  const big = h("p", { cls: "big" }, h("span", { cls: "bone" }, "\u00a0000\u00a0")), sub = h("p", { cls: "sub" }), more = h("div");
  const element = h("section", { cls: "card tile", "aria-label": name }, h("h2", { cls: "name" }, name), big, sub, more);
  return { element, set: (value, unit, text, extra) => {
    big.replaceChildren(value, unit ? h("small", {}, ` ${unit}`) : "");
    sub.textContent = text;
    more.replaceChildren(...(extra ? [extra] : []));
  } };
}

const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];

function budgetFacts(budget, today) {
  if (!budget) return [h("p", { cls: "soft" }, `No payments yet on ${today}. The budget grows with each one.`)];
  const none = budget.threshold >= 1024;
  return [
    meter(budget.limit ? budget.alerted / budget.limit : 0, `${budget.alerted} of ${budget.limit} alerts spent`),
    h("p", { cls: "soft" }, `${count(budget.alerted)} of ${count(budget.limit)} alerts allowed so far`),
    h("dl", { cls: "facts" }, fact("Payments seen", count(budget.seen)),
      fact("Admits from risk", none ? "none now" : percent(shareOf(budget.threshold), 1)),
      fact("Pace", percent(budget.pace_ppm / 1e6)))];
}

function mixFacts(overview) {
  if (!overview.sampled) return [h("p", { cls: "soft" }, "Nothing decided lately.")];
  const names = { LOW: "Low", MEDIUM: "Medium", HIGH: "High", CRITICAL: "Critical" };
  return [mix(overview.tiers), h("ul", { cls: "legend" }, Object.entries(names).map(([tier, name]) =>
    h("li", {}, h("i", { cls: `t-${tier.toLowerCase()}` }), `${name} ${count(overview.tiers[tier] || 0)}`))),
  h("p", { cls: "soft" }, `Among ${count(overview.sampled)} decisions looked at`)];
}

export function live(stream) {
  const tiles = { rate: tile("Payments a second"), latency: tile("Produce to decision"), alerts: tile("Alerts today"), precision: tile("Precision of judged alerts") };
  const notice = h("p", { cls: "card notice", hidden: true, role: "status" });
  const list = h("div", { cls: "stack", "aria-label": "Newest alerts" }, skeleton(4));
  const budget = h("div", {}, skeleton(3)), tiers = h("div"), deployment = h("dl", { cls: "facts" });
  const filter = ["open", "all"].map((name) => h("button", { cls: "quiet", "aria-pressed": String(name === chosen), onclick: () => { chosen = name; load(); } }, name === "open" ? "Open" : "All"));
  let points = [];

  show(h("h1", { cls: "sr" }, "Live"), notice, h("div", { cls: "tiles" }, Object.values(tiles).map((one) => one.element)),
    h("div", { cls: "columns" },
      h("section", { "aria-label": "Alerts" }, h("div", { cls: "head" }, h("h2", {}, "Latest alerts"), h("div", { cls: "group", role: "group", "aria-label": "Which alerts" }, filter)), list),
      h("aside", { cls: "stack", "aria-label": "Today" },
        h("section", { cls: "card" }, h("h2", {}, "Today's budget"), budget),
        h("section", { cls: "card" }, h("h2", {}, "Risk of payments"), tiers),
        h("section", { cls: "card" }, h("h2", {}, "Deployment"), deployment))));

  async function load() {
    filter.forEach((button) => button.setAttribute("aria-pressed", String(button.textContent.toLowerCase() === chosen)));
    try {
      const { alerts } = await ask(`/alerts?limit=50${chosen === "open" ? "&status=open" : ""}`);
      cards.clear();
      for (const alert of alerts) cards.set(alert.alert_id, card(alert));
      draw();
    } catch (error) {
      if (error.status === 503) setTimeout(load, 1000);
      else list.replaceChildren(problem(error, load));
    }
  }

  function draw() {
    if (cards.size) list.replaceChildren(...cards.values());
    else list.replaceChildren(empty(chosen === "open" ? "Nothing waits for you" : "No alerts yet",
      "An alert comes here the moment the budget admits one, with its reasons."));
  }

  const stop = stream({
    overview(now) {
      if (now.rates) points = now.rates;
      else if (now.rate !== null) points = [...points, now.rate].slice(-POINTS);
      tiles.rate.set(now.rate === null ? "0" : count(now.rate >= 10 ? Math.round(now.rate) : now.rate), "", "Over all workers, last five minutes", spark(points, `Payments a second, now ${now.rate ?? 0}`));
      const { p50, p99, samples } = now.latency_ms;
      tiles.latency.set(p50 === null ? "–" : String(p50), p50 === null ? "" : "ms median", p50 === null ? "No payments in the last minute" : `99 of 100 within ${count(p99)} ms, of ${count(samples)} looked at`);
      const spent = now.budget;
      tiles.alerts.set(count(spent?.alerted ?? 0), spent ? `of ${count(spent.limit)}` : "", spent ? `${count(spent.seen)} payments seen` : "No payments yet today",
        spent ? meter(spent.limit ? spent.alerted / spent.limit : 0, `${spent.alerted} of ${spent.limit} alerts spent`) : null);
      tiles.precision.set(percent(now.judged.precision), "", now.judged.judged ? `${count(now.judged.confirmed)} of ${count(now.judged.judged)} judged were frauds` : "Confirm or clear alerts to see it");
      notice.hidden = now.ready;
      notice.textContent = now.ready ? "" : `This worker does not take records yet: ${now.reason}.`;
      budget.replaceChildren(...budgetFacts(spent, now.today));
      tiers.replaceChildren(...mixFacts(now));
      deployment.replaceChildren(...[...fact("Workers", count(now.workers)), ...fact("Records behind", count(now.lag)),
        ...fact("Model", h("a", { href: "#/model" }, !now.model_version || now.model_version === "none" ? "none" : now.model_version)), ...fact("Rules", h("a", { href: "#/rules" }, now.rules_version || "–"))]);
    },
    alert(alert) {
      if (cards.has(alert.alert_id)) return;
      const kept = [...cards].slice(0, KEPT - 1);
      cards.clear();
      cards.set(alert.alert_id, card(alert, { isNew: true }));
      for (const [id, one] of kept) cards.set(id, one);
      if (cards.size === 1) draw();
      else list.prepend(cards.get(alert.alert_id));
      while (list.children.length > KEPT) list.lastChild.remove();
    },
    case(event) { cards.get(event.alert_id)?.setStatus(event.status); },
    again: load,
  });
  load();
  return stop;
}

export async function keys(event) {
  const all = [...document.querySelectorAll("article.alert")], at = all.indexOf(document.activeElement?.closest("article.alert"));
  if (event.key === "j" || event.key === "k") {
    const next = all[Math.min(all.length - 1, Math.max(0, event.key === "j" ? at + 1 : at - 1))];
    next?.focus();
  } else if (at >= 0 && (event.key === "c" || event.key === "x")) {
    const status = event.key === "c" ? "confirmed" : "cleared";
    if (await judge({ alert_id: all[at].dataset.id }, status)) all[at].setStatus(status);
  }
}
