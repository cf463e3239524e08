// An alert, an account, the rules, the model, and a form that scores one payment.

import { ask, may } from "/assets/api.js";
import { account as link, actions, card, reasons, rules as chips, statusBadge, tierBadge } from "/assets/alerts.js";
import { bars, dial, meter } from "/assets/charts.js";
import { empty, h, problem, show, skeleton, toast } from "/assets/dom.js";
import { count, moment, money, number, percent, when, words } from "/assets/format.js";

const fact = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
const th = (text, cls) => h("th", { scope: "col", cls }, text);

async function load(title, get, draw) {
  show(h("h1", {}, title), skeleton(5));
  try {
    draw(await get());
  } catch (error) {
    show(h("h1", {}, title), problem(error, () => load(title, get, draw)));
  }
}

const WHAT = { known_fraud: "known fraud", same_amount: "same amount", new_payer: "new payer", same_payer: "same payer", last_hour: "last hour", failed: "failed" };

function evidence(alert) {
  if (!alert.evidence?.length) return null;
  return h("section", { cls: "card" }, h("h2", {}, "Earlier payments to this payee"), h("div", { cls: "scroll", tabindex: "0", role: "region", "aria-label": "Evidence" }, h("table", {},
    h("thead", {}, h("tr", {}, th("When"), th("Amount", "num"), th("Payer"), th("What speaks for fraud"))),
    h("tbody", {}, alert.evidence.map((one) => h("tr", {}, h("td", {}, moment(one.event_time)), h("td", { cls: "num" }, money(one.amount)), h("td", {}, h("code", {}, one.payer_hash)),
      h("td", {}, one.what.map((word) => WHAT[word] || word).join(", "))))))));
}

function payerBefore(alert) {
  const before = alert.payer_before;
  if (!before) return null;
  const facts = [
    ["Payments of at most ₹10, last hour", count(before.tiny_1h)], ["Failed, last 24 hours", count(before.failed_24h)],
    ["To new payees, last hour", count(before.new_payees_1h)], ["To new payees, last 24 hours", count(before.new_payees_24h)],
    ["Mean amount of 30 days", before.mean_amount_30d === null ? "–" : money(before.mean_amount_30d)],
  ];
  return h("section", { cls: "card" }, h("h2", {}, "What the payer did before"), windows(before, "payer"), h("dl", { cls: "facts" }, ...facts.map(([name, value]) => fact(name, value))));
}

export function alertPage(id) {
  load("Alert", () => ask(`/alerts/${encodeURIComponent(id)}`), (alert) => {
    const again = () => alertPage(id);
    const trail = alert.trail.length
      ? h("ol", { cls: "trail" }, alert.trail.map((step) => h("li", {}, statusBadge(step.status), " by ", h("b", {}, step.by), h("div", { cls: "soft" }, moment(step.at)), step.note ? h("div", {}, step.note) : null)))
      : h("p", { cls: "soft" }, "Nobody judged it yet.");
    show(
      h("div", { cls: "head" }, h("h1", {}, "Alert"), h("div", { cls: "line" }, tierBadge(alert.risk, alert.risk_tier), " ", statusBadge(alert.status))),
      h("div", { cls: "columns" },
        h("div", { cls: "stack" },
          h("section", { cls: "card" }, h("p", { cls: "flow" }, link(alert.payer_vpa), "→", link(alert.payee_vpa), h("span", { cls: "amount" }, money(alert.amount))),
            h("h2", {}, "Why"), reasons(alert) || h("p", { cls: "soft" }, "No reasons were given."), chips(alert.rules), h("div", { cls: "actions" }, actions(alert, again))),
          evidence(alert),
          payerBefore(alert),
          h("section", { cls: "card" }, h("h2", {}, "Who judged it"), trail)),
        h("aside", { cls: "card" }, h("h2", {}, "Numbers"), h("dl", { cls: "facts" },
          fact("When", moment(alert.event_time)), fact("Fraud probability", percent(alert.fraud_probability, 1)), fact("Rule score", number(alert.rule_score)),
          fact("Payments seen that day", count(alert.budget?.seen)), fact("Alert of the day", count(alert.budget?.alerted)),
          fact("Model", alert.model_version), fact("Rules", alert.rules_version), fact("Payment", alert.transaction_id)))));
  });
}

const quiet = (error) => { if (error.status === 404) return null; throw error; };

function windows(side, role) {
  const names = { "5m": "5 minutes", "1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days" };
  const top = Math.max(1, ...Object.values(side.windows).map((one) => one.amount));
  return h("div", { cls: "scroll", tabindex: "0", role: "region", "aria-label": `Windows as ${role}` }, h("table", {},
    h("thead", {}, h("tr", {}, th("Last"), th("Payments", "num"), th("Amount", "num"), th(role === "payer" ? "Payees" : "Payers", "num"), th("Share of 30 days"))),
    h("tbody", {}, Object.entries(side.windows).map(([name, one]) => h("tr", {}, h("td", {}, names[name] || name), h("td", { cls: "num" }, count(one.payments)), h("td", { cls: "num" }, money(one.amount)),
      h("td", { cls: "num" }, count(one.distinct_payees ?? one.distinct_payers)), h("td", {}, meter(one.amount / top, `${percent(one.amount / top)} of the amount`)))))));
}

function sideCard(title, side, role) {
  if (!side) return h("section", { cls: "card" }, h("h2", {}, title), h("p", { cls: "soft" }, `Nothing is known of this account as a ${role}.`));
  return h("section", { cls: "card" }, h("h2", {}, title), windows(side, role), h("dl", { cls: "facts" },
    fact("First seen", moment(side.first_seen)), fact("Last seen", moment(side.last_seen)), fact("Frauds confirmed in 30 days", count(side.fraud_verdicts_30d))));
}

function decisionsCard(decisions) {
  if (!decisions.length) return h("section", { cls: "card" }, h("h2", {}, "Decisions"), h("p", { cls: "soft" }, "None among the newest payments of its partition."));
  const drawn = [...decisions].reverse().map((one) => ({ value: one.amount, cls: one.risk_tier.toLowerCase(), title: `${money(one.amount)} to ${one.payee_vpa}, risk ${one.risk}, ${moment(one.event_time)}` }));
  const most = money(Math.max(...decisions.map((one) => one.amount)));
  return h("section", { cls: "card" }, h("h2", {}, "Decisions"), bars(drawn, `Amounts of the newest ${decisions.length} payments, oldest first, at most ${most}`),
    h("div", { cls: "scroll", tabindex: "0", role: "region", "aria-label": "Decisions" }, h("table", {}, h("thead", {}, h("tr", {}, th("When"), th("To"), th("Amount", "num"), th("Risk"), th("Rules"))),
      h("tbody", {}, decisions.map((one) => h("tr", {}, h("td", {}, when(one.event_time)), h("td", {}, link(one.payee_vpa)), h("td", { cls: "num" }, money(one.amount)), h("td", {}, tierBadge(one.risk, one.risk_tier)),
        h("td", {}, chips(one.rules) || "–")))))));
}

function counterparties(decisions, alerts, vpa) {
  const known = new Map();
  const add = (name, amount, paid) => { const one = known.get(name) || { payments: 0, amount: 0, paid }; one.payments += 1; one.amount += amount; known.set(name, one); };
  decisions.forEach((one) => add(one.payee_vpa, one.amount, true));
  alerts.filter((one) => one.payee_vpa === vpa).forEach((one) => add(one.payer_vpa, one.amount, false));
  if (!known.size) return null;
  const rows = [...known].sort((a, b) => b[1].amount - a[1].amount).slice(0, 10);
  return h("section", { cls: "card" }, h("h2", {}, "Counterparties"), h("div", { cls: "scroll", tabindex: "0", role: "region", "aria-label": "Counterparties" }, h("table", {}, h("thead", {}, h("tr", {}, th("Account"), th("Payments", "num"), th("Amount", "num"))),
    h("tbody", {}, rows.map(([name, one]) => h("tr", {}, h("td", {}, link(name), h("div", { cls: "soft" }, one.paid ? "is paid" : "pays, with an alert")), h("td", { cls: "num" }, count(one.payments)), h("td", { cls: "num" }, money(one.amount))))))));
}

const LISTS = { block: ["Block", "blocked"], snooze: ["Snooze alerts for a day", "snoozed until tomorrow"], allow: ["Allow", "allowed"], none: ["Take off lists", "on no list any more"] };

function standing(vpa) {
  if (!may("admin")) return null;
  const note = h("input", { name: "note", maxlength: 400, placeholder: "for the audit trail", autocomplete: "off" });
  const put = async (button, list) => {
    button.disabled = true;
    const until = list === "snooze" ? new Date(Date.now() + 86400e3).toISOString() : null;
    try {
      const { offset } = await ask("/control", { kind: "list", entries: [{ list, subject: "vpa", id: vpa, until }], note: note.value });
      toast(`${vpa} is ${LISTS[list][1]} (control record ${offset})`);
    } catch (error) { toast(error.message); }
    button.disabled = false;
  };
  return h("details", { cls: "card" }, h("summary", {}, "Block, snooze or allow this account"),
    h("p", { cls: "soft" }, "A blocked account's payments hit a rule of weight 100. An allowed or snoozed one is decided as ever and never alerted."),
    h("div", { cls: "stack" }, h("label", {}, h("span", {}, "Why"), note), h("div", { cls: "actions" }, Object.entries(LISTS).map(([list, [text]]) => h("button", { onclick: (event) => put(event.target, list) }, text)))));
}

export function accountPage(vpa) {
  const form = h("form", { cls: "find", role: "search", onsubmit: (event) => { event.preventDefault(); location.hash = `#/account/${encodeURIComponent(form.elements.vpa.value.trim().toLowerCase())}`; } },
    h("label", {}, h("span", { cls: "sr" }, "Account"), h("input", { name: "vpa", type: "text", inputmode: "email", placeholder: "name@handle", value: vpa, autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true })),
    h("button", { cls: "first" }, "Find"));
  const place = h("div", { cls: "stack" });
  show(h("h1", {}, vpa || "Accounts"), form, place);
  if (!vpa) {
    place.append(empty("Which account?", "Give a VPA, such as ravi@okaxis. Links of an alert come here too."));
    form.elements.vpa.focus({ preventScroll: true });
    return;
  }
  place.append(skeleton(6));
  const name = encodeURIComponent(vpa);
  const draw = ([payer, payee, decided, paid, received]) => {
    const alerts = [...paid.alerts, ...received.alerts], decisions = decided.decisions;
    if (!payer && !payee && !decisions.length && !alerts.length) {
      place.replaceChildren(empty("Not known", "No payment of this account was seen."));
      return;
    }
    place.replaceChildren(...[standing(vpa), h("div", { cls: "halves" }, sideCard("As payer", payer, "payer"), sideCard("As payee", payee, "payee")),
      h("div", { cls: "halves" }, decisionsCard(decisions), h("div", { cls: "stack" }, counterparties(decisions, alerts, vpa), h("h2", {}, "Alerts"),
        alerts.length ? alerts.slice(0, 10).map((alert) => card(alert)) : h("p", { cls: "soft" }, "None among the newest.")))].filter(Boolean));
  };
  const get = () => Promise.all([ask(`/payers/${name}`).catch(quiet), ask(`/payees/${name}`).catch(quiet), ask(`/payers/${name}/decisions`), ask(`/alerts?payer=${name}`), ask(`/alerts?payee=${name}`)])
    .then(draw).catch((error) => place.replaceChildren(problem(error, get)));
  get();
}

export function rulesPage() {
  load("Rules", () => ask("/rules"), ({ rules, rules_version: version, sampled }) => {
    const most = Math.max(1, ...rules.map((rule) => rule.hits));
    show(h("div", { cls: "head" }, h("h1", {}, "Rules"), h("span", { cls: "soft" }, `Version ${version}`)),
      h("p", { cls: "lead" }, sampled ? `Hits among ${count(sampled)} of the newest decisions. A shadow rule is told, but weighs nothing.` : "Hits are counted among newest decisions while a dashboard is open; none was looked at yet."),
      h("div", { cls: "stack" }, rules.map((rule) => h("section", { cls: "card" },
        h("div", { cls: "head" }, h("h2", {}, rule.title), h("span", { cls: `badge ${rule.state}` }, rule.state === "active" ? "Active" : "Shadow")),
        meter(rule.hits / most, `${rule.hits} hits`),
        h("p", { cls: "soft" }, h("code", {}, rule.id), ` · weight ${rule.weight} · ${count(rule.hits)} hits`, sampled ? `, ${number((rule.hits / sampled) * 1000)} of 1,000 payments` : ""),
        h("details", {}, h("summary", {}, "Why these numbers"), h("p", {}, rule.why))))));
  });
}

function facts(values) {
  const rows = Object.entries(values).filter(([, value]) => ["number", "string", "boolean"].includes(typeof value));
  return rows.length ? h("dl", { cls: "facts" }, rows.map(([name, value]) => fact(words(name), typeof value === "number" ? number(value) : String(value)))) : null;
}

const nested = (title, values) => [h("section", { cls: "card" }, h("h2", {}, title), facts(values) || h("p", { cls: "soft" }, "Nothing is told.")),
  ...Object.entries(values).filter(([, value]) => value && typeof value === "object" && !Array.isArray(value)).map(([name, value]) => h("section", { cls: "card" }, h("h2", {}, words(name)), facts(value) || h("p", { cls: "soft" }, "Nothing is told.")))];

const MOVED = [[0.25, "critical", "Moved"], [0.1, "high", "Look at it"], [-1, "cleared", "Stable"]];

function driftCard(drift) {
  const found = Object.entries(drift || {}), top = Math.max(0.25, ...found.map(([, index]) => index));
  if (!found.length) return h("section", { cls: "card" }, h("h2", {}, "Drift"), h("p", { cls: "soft" }, "Not measured yet: it takes some thousand payments of this worker, and a model that keeps what it was trained on."));
  return h("section", { cls: "card" }, h("h2", {}, "Drift"), h("p", { cls: "soft" }, "How far payments of now lie from those of training, by this worker's own: population stability index."),
    h("div", { cls: "scroll", tabindex: "0", role: "region", "aria-label": "Drift" }, h("table", {}, h("thead", {}, h("tr", {}, th("What"), th("Index", "num"), th("Beside the most"), th("So it is"))),
      h("tbody", {}, found.map(([name, index]) => {
        const [, cls, text] = MOVED.find(([from]) => index > from);
        return h("tr", {}, h("td", {}, words(name)), h("td", { cls: "num" }, number(index)), h("td", {}, meter(index / top, `index ${number(index)}`)), h("td", {}, h("span", { cls: `badge ${cls}` }, text)));
      })))));
}

export function modelPage() {
  load("Model", () => ask("/model"), (model) => {
    if (!model.model_version) {
      show(h("h1", {}, "Model"), empty("No model is in force", "The rules decide alone. Train one with python -m models train and name its directory in PRAHARI_MODEL_DIR."));
      return;
    }
    show(h("div", { cls: "head" }, h("h1", {}, "Model"), h("span", { cls: "soft" }, `Version ${model.model_version}`)),
      h("p", { cls: "lead" }, "Measured when it was trained, on payments held out."),
      h("div", { cls: "halves" }, h("div", { cls: "stack" }, nested("How good it was", model.metrics), driftCard(model.drift)),
        h("div", { cls: "stack" }, nested("What it learned from", model.data), h("section", { cls: "card" }, h("h2", {}, "What it is"),
          h("dl", { cls: "facts" }, fact("Features", count(model.features)), fact("Feature schema", model.feature_schema), fact("Seed", String(model.seed)))))));
  });
}

const field = (name, label, attributes, hint) => h("label", {}, h("span", {}, label, hint ? h("small", {}, ` ${hint}`) : null), h("input", { name, autocomplete: "off", ...attributes }));
const newId = () => `desk-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`;

function verdict(answer) {
  if (answer.failed_open) return h("section", { cls: "card" }, h("h2", {}, "No verdict in time"), h("p", {}, "This deployment lets payments pass when it has none."));
  return h("section", { cls: "card", "aria-live": "polite" }, h("h2", {}, "Verdict"),
    h("div", { cls: "dial" }, dial(answer.risk, answer.risk_tier), h("div", {}, tierBadge(answer.risk, answer.risk_tier), " ", h("span", { cls: `badge ${answer.should_alert ? "critical" : "cleared"}` }, answer.should_alert ? "Alert" : "No alert"),
      h("p", { cls: "soft" }, answer.should_alert ? "The day's budget admits it." : "The day's budget has better uses."))),
    chips(answer.rules),
    h("dl", { cls: "facts" }, fact("Fraud probability", answer.fraud_probability === null ? "no model" : percent(answer.fraud_probability, 2)),
      fact("Budget admits from risk", answer.threshold_used === null ? "not known" : answer.threshold_used >= 1 ? "none now" : percent(answer.threshold_used, 1)),
      fact("Answered in", `${number(answer.latency_ms)} ms`), fact("Payment", answer.transaction_id)));
}

export function scorePage() {
  const result = h("div", { cls: "stack" }, empty("Score one payment", "It goes the whole way: state, rules, model and budget."));
  if (!may("analyst")) {
    show(h("h1", {}, "Score"), empty("Not for this role", "Scoring needs the role analyst."));
    return;
  }
  const form = h("form", { cls: "card fields" },
    field("payer_vpa", "Payer", { required: true, placeholder: "ravi@okaxis", autocapitalize: "none" }), field("payee_vpa", "Payee", { required: true, placeholder: "shop@ybl", autocapitalize: "none" }),
    field("amount", "Amount", { required: true, inputmode: "decimal", placeholder: "499.00", pattern: "[0-9]+([.][0-9]{1,2})?" }, "in rupees"), field("device_id", "Device", { placeholder: "optional" }),
    field("transaction_id", "Payment id", { required: true, value: newId(), maxlength: 64 }),
    h("label", { cls: "check" }, h("input", { type: "checkbox", name: "dry_run", checked: true }), h("span", {}, "Dry run", h("small", {}, " scores without remembering"))),
    h("div", { cls: "actions wide" }, h("button", { cls: "first" }, "Score")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== "").map(([name, value]) => [name, String(value).trim()]));
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await ask("/score", { ...values, dry_run: form.elements.dry_run.checked });
      result.replaceChildren(verdict(answer));
      if (!form.elements.dry_run.checked) form.elements.transaction_id.value = newId();
    } catch (error) {
      result.replaceChildren(problem(error));
    }
    button.disabled = false;
  });
  show(h("h1", {}, "Score"), h("div", { cls: "halves" }, form, result));
}
