// An alert as a card, and what an analyst does with it.

import { ask, may } from "/assets/api.js";
import { h, toast } from "/assets/dom.js";
import { money, when } from "/assets/format.js";

const STATUS = { open: "Open", confirmed: "Confirmed fraud", cleared: "Cleared" };

export const tierBadge = (risk, tier) => h("span", { cls: `badge ${tier.toLowerCase()}` }, `${risk} ${tier[0]}${tier.slice(1).toLowerCase()}`);
export const statusBadge = (status) => h("span", { cls: `badge ${status}` }, STATUS[status]);
export const account = (vpa) => h("a", { href: `#/account/${encodeURIComponent(vpa)}` }, vpa);

export async function judge(alert, status, note = "") {
  const words = { confirmed: "confirmed as fraud", cleared: "cleared", open: "opened again" };
  try {
    const answer = await ask(`/alerts/${encodeURIComponent(alert.alert_id)}/status`, { status, note });
    toast(`Alert ${words[status]} by ${answer.by}`);
    return answer;
  } catch (error) {
    toast(error.message);
    return null;
  }
}

export function actions(alert, judged) {
  if (!may("analyst")) return null;
  const button = (status, text, cls) => h("button", { cls, onclick: async (event) => {
    event.target.disabled = true;
    if (await judge(alert, status)) judged(status);
    event.target.disabled = false;
  } }, text);
  return alert.status === "open"
    ? [button("confirmed", "Confirm fraud", "first"), button("cleared", "Clear", "")]
    : [button("open", "Open again", "quiet")];
}

export function reasons(alert, most = 99) {
  if (!alert.reasons?.length) return null;
  return h("ul", { cls: "reasons" }, alert.reasons.slice(0, most).map((reason) => h("li", {}, reason.text)));
}

export const rules = (ids) => (ids?.length ? h("ul", { cls: "chips", "aria-label": "Rules that hit" }, ids.map((id) => h("li", {}, id))) : null);

export function card(alert, { isNew = false } = {}) {
  const element = h("article", { cls: `card alert${isNew ? " new" : ""}`, tabindex: "0", "data-id": alert.alert_id,
    "aria-label": `Alert, risk ${alert.risk}: ${alert.payer_vpa} to ${alert.payee_vpa}` });
  const draw = () => {
    const foot = h("div", { cls: "actions" }, actions(alert, (status) => { alert.status = status; draw(); }),
      h("a", { cls: "button quiet", href: `#/alert/${encodeURIComponent(alert.alert_id)}` }, "Details"));
    element.replaceChildren(...[
      h("div", { cls: "line" }, tierBadge(alert.risk, alert.risk_tier), h("time", { datetime: alert.event_time }, when(alert.event_time)),
        alert.status === "open" ? null : statusBadge(alert.status)),
      h("p", { cls: "flow" }, account(alert.payer_vpa), h("span", { "aria-label": "pays" }, "→"), account(alert.payee_vpa),
        h("span", { cls: "amount" }, money(alert.amount))),
      reasons(alert, 3), rules(alert.rules), foot].filter(Boolean));
  };
  element.setStatus = (status) => { if (alert.status !== status) { alert.status = status; draw(); } };
  draw();
  return element;
}
