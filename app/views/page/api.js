// Asks the worker. A problem (RFC 9457) becomes an error whose message is its detail.

let csrf = null;
export let caller = null;

export class Refused extends Error {
  constructor(status, body) {
    super(body?.detail || "The worker did not say why.");
    this.status = status;
    this.title = body?.title;
    this.reason = body?.reason;
  }
}

export async function ask(path, body) {
  const headers = { Accept: "application/json" };
  const options = { headers, credentials: "same-origin" };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
    if (csrf) headers["X-Prahari-CSRF"] = csrf;
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused(0, { title: "No connection", detail: "The worker does not answer. Another worker may: each serves this page." });
  }
  const text = await response.text();
  let answer = null;
  try { answer = text ? JSON.parse(text) : null; } catch { /* a proxy's page is no answer of ours */ }
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

export async function identify() {
  caller = await ask("/session");
  csrf = caller.csrf_token;
  return caller;
}

export const logIn = async (token) => { await ask("/login", { token }); return identify(); };
export const logOut = async () => { await ask("/logout", {}); csrf = caller = null; };
const rank = { viewer: 1, analyst: 2, admin: 3 };
export const may = (role) => caller !== null && rank[caller.role] >= rank[role];
