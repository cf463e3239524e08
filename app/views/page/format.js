// Numbers, times and money the way people in India read them.

const whole = new Intl.NumberFormat("en-IN");
const rupees = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR" });
const inIndia = { timeZone: "Asia/Kolkata" };
const clock = new Intl.DateTimeFormat("en-GB", { ...inIndia, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const stamp = new Intl.DateTimeFormat("en-GB", { ...inIndia, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayOf = new Intl.DateTimeFormat("en-CA", { ...inIndia, dateStyle: "short" });

export const count = (value) => (value === null || value === undefined ? "–" : whole.format(value));
export const money = (value) => rupees.format(value);
export const percent = (share, digits = 0) => (share === null || share === undefined ? "–" : `${(share * 100).toFixed(digits)} %`);
export const time = (text) => clock.format(new Date(text));
export const moment = (text) => (text ? stamp.format(new Date(text)) : "never");
export const when = (text) => (dayOf.format(new Date(text)) === dayOf.format(new Date()) ? time(text) : moment(text));
export const number = (value) => (Number.isInteger(value) ? whole.format(value) : String(Math.round(value * 1e4) / 1e4));
export const words = (name) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());

// A score bucket of the budget on the scale of risk, 0 to 1 (models/risk.py).
export const shareOf = (bucket) => (bucket >= 1024 ? 1 : 1 / (1 + Math.exp(9 - bucket / 48)));
