// Small charts as inline SVG, each with the same facts in words for those who do not see it.

const NS = "http://www.w3.org/2000/svg";

function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const chart = (width, height, label, cls, ...children) =>
  s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: cls, preserveAspectRatio: "none" }, ...children);

export function spark(values, label) {
  const width = 300, height = 36, top = Math.max(1, ...values) * 1.1;
  if (values.length < 2) return chart(width, height, label, "spark", s("path", { class: "line", d: `M0 ${height - 1}H${width}` }));
  const points = values.map((value, at) => `${((at / (values.length - 1)) * width).toFixed(1)} ${(height - 1 - (value / top) * (height - 4)).toFixed(1)}`);
  const line = `M${points.join("L")}`;
  return chart(width, height, label, "spark", s("path", { class: "area", d: `${line}V${height}H0Z` }), s("path", { class: "line", d: line }));
}

export function bars(rows, label) {
  const width = 640, height = 120, top = Math.max(1, ...rows.map((row) => row.value)), step = width / Math.max(rows.length, 8);
  const drawn = rows.map((row, at) => {
    const tall = Math.max(2, (row.value / top) * (height - 8));
    const bar = s("rect", { class: `bar ${row.cls}`, x: at * step + 2, y: height - tall, width: Math.max(2, step - 4), height: tall, rx: 2 });
    bar.append(s("title", {}, row.title));
    return bar;
  });
  return chart(width, height, label, "chart", s("line", { class: "axis", x1: 0, x2: width, y1: height, y2: height }), ...drawn);
}

export function dial(risk, tier) {
  const length = Math.PI * 54;
  const arc = { d: "M12 72a54 54 0 0 1 108 0", fill: "none", "stroke-width": 12, "stroke-linecap": "round" };
  return s("svg", { viewBox: "0 0 132 84", role: "img", "aria-label": `Risk ${risk} of 100, ${tier}` },
    s("path", { ...arc, class: "track" }),
    s("path", { ...arc, class: `arc ${tier.toLowerCase()}`, "stroke-dasharray": `${(length * Math.max(risk, 1)) / 100} ${length}` }),
    s("text", { x: 66, y: 70, "text-anchor": "middle" }, String(risk)));
}

export function mix(tiers) {
  const order = ["LOW", "MEDIUM", "HIGH", "CRITICAL"], all = order.reduce((sum, tier) => sum + (tiers[tier] || 0), 0);
  const bar = document.createElement("div");
  bar.className = "mix";
  for (const tier of order) {
    if (!tiers[tier]) continue;
    const part = document.createElement("span");
    part.className = `t-${tier.toLowerCase()}`;
    part.style.flexGrow = String(Math.max(tiers[tier] / all, 0.004));
    bar.append(part);
  }
  return bar;
}

export function meter(share, label) {
  const outer = document.createElement("div"), inner = document.createElement("span");
  outer.className = "meter";
  outer.setAttribute("role", "img");
  outer.setAttribute("aria-label", label);
  inner.style.width = `${Math.min(100, Math.max(0, share * 100)).toFixed(1)}%`;
  outer.append(inner);
  return outer;
}
