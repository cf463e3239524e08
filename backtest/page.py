"""The report as one HTML page that needs nothing beside it: tables, pictures inside, no script, no network."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from backtest import plots
from backtest.markup import HEAD, number, percent, rupees, share_text, table

if TYPE_CHECKING:
    from collections.abc import Sequence


def render(result: dict[str, Any]) -> str:
    """Return the page of a backtest's numbers, as `results.summarise` and `telling.tell_cases` give them."""
    sections = [
        _head(result),
        _budget(result),
        _curves(result),
        _groups(result),
        _money(result),
        _accounts(result),
        _yardsticks(result),
        _rules(result),
        _cases("Worst false alarms", "Alerts on honest payments, the surest first.", result["false_alarms"]),
        _cases("Worst misses", "Frauds without an alert, the largest first.", result["misses"]),
    ]
    return HEAD + "\n".join(sections) + "\n</body></html>\n"


def _head(result: dict[str, Any]) -> str:
    about, overall = result["about"], result["overall"]
    left_out = (
        f"{number(about['duplicates'])} repeated, {number(about['conflicting_duplicates'])} repeated with other "
        f"content, {number(about['bad_rows'])} rows that are no payment"
    )
    facts = [
        ("payments", f"{about['first_payment']} to {about['last_payment']}"),
        ("decided", f"{number(about['decided'])}, after {number(about['warmed'])} that only warmed the tables"),
        ("left out", left_out),
        ("order", f"{about['order']}, {about['partitions']} partitions"),
        ("model, rules", f"{about['model_version'] or 'none: rules alone'}, {about['rules_version']}"),
        ("alert rate", f"{about['alert_rate']:.2%} of a day's payments"),
    ]
    cards = [
        ("alerts", f"{number(overall['alerts'])} of {number(overall['limit'])}"),
        ("frauds caught", f"{number(overall['caught'])} of {number(overall['frauds'])}"),
        ("precision", share_text(overall["precision"])),
        ("recall", share_text(overall["recall"])),
        ("recall ceiling", percent(overall["recall_ceiling"])),
        ("net", rupees(result["money"]["net_rupees"])),
    ]
    boxes = "".join(f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in cards)
    return f"<h1>Backtest of {escape(about['history'])}</h1><div class='cards'>{boxes}</div>{table((), facts, 'facts')}"


def _budget(result: dict[str, Any]) -> str:
    confusion = result["confusion"]
    rows = [
        ("alerted", number(confusion["alerted_fraud"]), number(confusion["alerted_honest"])),
        ("passed", number(confusion["passed_fraud"]), number(confusion["passed_honest"])),
    ]
    days = plots.days_picture(result["days"]) if result["days"] else ""
    return (
        "<h2>Day by day</h2><p>A perfect ranking reaches the ceilings. Intervals are 95 %; a day's take its "
        f"payments as independent, the sums' draw whole days anew.</p>{days}<h2>At the budget</h2>"
        + table(("", "fraud", "honest"), rows)
        + f"<p>{number(confusion['alerted_without_verdict'])} alerts have no verdict and count in neither.</p>"
    )


def _curves(result: dict[str, Any]) -> str:
    curve = result["precision_recall"]
    drawn = plots.curve_picture(curve, result["overall"]) if curve else "<p>No fraud is known.</p>"
    average = f"<p>Average precision {curve['average_precision']:.3f}.</p>" if curve else ""
    threshold = plots.threshold_picture(result["threshold"]) if result["threshold"] else ""
    return f"<h2>Precision and recall</h2>{drawn}{average}<h2>Threshold over time</h2>{threshold}"


def _groups(result: dict[str, Any]) -> str:
    parts = ["<h2>By kind of fraud and by value</h2>"]
    for key, what in (("by_type", "kind"), ("by_value", "value")):
        known = [entry for entry in result[key] if entry["frauds"]]
        if known:
            rows = [
                (entry["name"], number(entry["frauds"]), number(entry["caught"]), share_text(entry["recall"]),
                 rupees(entry["fraud_rupees"]), rupees(entry["caught_rupees"]))
                for entry in known
            ]  # fmt: skip
            parts += [plots.bars_picture(known, what)]
            parts += [table((what, "frauds", "caught", "recall", "of fraud", "caught"), rows)]
    return "".join(parts)


def _money(result: dict[str, Any]) -> str:
    money, assumed = result["money"], result["money"]["assumptions"]
    back = money["return_per_rupee"]
    rows = [
        ("fraud", rupees(money["fraud_rupees"])),
        ("saved", rupees(money["saved_rupees"])),
        ("review", rupees(money["review_rupees"])),
        ("friction", rupees(money["friction_rupees"])),
        ("net", rupees(money["net_rupees"])),
        ("return on a rupee spent", "-" if back is None else f"₹{back:,.2f}"),
    ]
    drawn = plots.money_picture(result["days"], money["saved_rupees_by_day"]) if result["days"] else ""
    return (
        f"<h2>Money</h2><p>Assumed: an alert stops {assumed['stopped_share']:.0%} of a fraud's amount, costs "
        f"₹{assumed['review_rupees']:,.0f} of review, and ₹{assumed['friction_rupees']:,.0f} more on an honest payment."
        f"</p>{table((), rows)}{drawn}"
    )


def _accounts(result: dict[str, Any]) -> str:
    until = result["until_first_alert"]
    names = (
        ("accounts with a fraud", "accounts", number),
        ("of these alerted", "alerted", number),
        ("alerted at their first fraud", "alerted_at_first_fraud", number),
        ("hours to the first alert, median", "hours_median", lambda value: f"{value:,.1f}"),
        ("hours to the first alert, 90 %", "hours_p90", lambda value: f"{value:,.1f}"),
        ("lost until the first alert, mean", "rupees_until_alert_mean", rupees),
        ("lost until the first alert, all", "rupees_until_alert", rupees),
        ("fraud from the first alert on", "rupees_from_alert_on", rupees),
        ("lost on accounts never alerted", "rupees_never_alerted", rupees),
    )
    rows = [
        (name, *("-" if until[side][key] is None else say(until[side][key]) for side in ("payers", "payees")))
        for name, key, say in names
    ]
    drawn = plots.waiting_picture(until["payers"], until["payees"])
    return f"<h2>Until an account's first alert</h2>{table(('', 'payers', 'payees'), rows)}{drawn}"


def _yardsticks(result: dict[str, Any]) -> str:
    oracle, cold = result["oracle"], result.get("cold")
    rows = [
        ("the budget, as it decided", number(oracle["caught"]), "-"),
        ("best choice under the same limit at every moment", number(oracle["caught_under_limit"]),
         f"regret {percent(oracle['regret'])}"),
        ("best of the finished days", number(oracle["caught_of_finished_days"]),
         f"the limit costs {percent(oracle['limit_cost'])}"),
    ]  # fmt: skip
    text = "<h2>Online and in hindsight</h2>" + table(("", "frauds caught", ""), rows)
    if cold is None:
        return text
    compared = [
        (name, number(run["caught"]), share_text(run["precision"]), share_text(run["recall"]))
        for name, run in (("warm", result["overall"]), ("cold", cold))
    ]
    return (
        text
        + "<h2>Warm and cold</h2><p>Cold: tables begin empty with the first payment decided.</p>"
        + table(("", "frauds caught", "precision", "recall"), compared)
    )


def _rules(result: dict[str, Any]) -> str:
    rows = [
        (rule["id"], number(rule["weight"]), number(rule["hits"]), share_text(rule["precision"]),
         number(rule["alerts"]), number(rule["caught"]))
        for rule in result["rules"]
    ]  # fmt: skip
    head = ("rule", "weight", "hits", "of these fraud", "alerts", "frauds caught")
    return "<h2>Rules</h2>" + table(head, rows)


def _cases(title: str, what: str, cases: Sequence[dict[str, Any]]) -> str:
    rows = []
    for case in cases:
        probability = case["fraud_probability"]
        rows.append(
            (
                case["event_time"][:16].replace("T", " "),
                f"{case['payer']} → {case['payee']}",
                rupees(case["amount"]),
                case["fraud_type"] or "",
                "-" if probability is None else f"{probability:.3f}",
                f"{case['bucket']} / {case['threshold_bucket']}",
                "; ".join(reason["text"] for reason in case["reasons"]) or "nothing spoke for fraud",
            )
        )
    head = ("time", "payment", "amount", "kind", "probability", "score / threshold", "reasons")
    return f"<h2>{title}</h2><p>{what}</p>{table(head, rows, 'long')}"
