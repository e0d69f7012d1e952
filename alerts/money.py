"""What an incident may cost, in the currency's minor unit. Pure."""

from alerts.book import StoreBook
from alerts.evidence import lost_units
from alerts.memory import Memory, Verdict, fact_key
from alerts.reference import number
from alerts.settings import Rule


def at_risk_minor(
    rule: Rule, subject: str, verdict: Verdict, memory: Memory, book: StoreBook
) -> int | None:
    """¥ at risk over the rule's window; ``None`` where the glossary has no formula for the metric.

    Conversion: (reference − actual) × visitors × ATV, of its evidence since it began to fall. Visitors under
    their reference: the people who did not come × sales per visitor. Sales per visitor: (reference − actual) ×
    visitors. A SKU's cover: the units expected to be asked for in vain until the reference × the price.
    """
    if rule.metric == "sku_cover":
        return _unsold_minor(subject, verdict, memory, book)
    if subject or verdict.value is None or verdict.reference is None:
        return None
    gap = verdict.reference - verdict.value
    judged = memory.facts.get(fact_key(rule.metric, subject, rule.window))
    visitors = judged.evidence.n if judged else None
    if visitors is None:
        visitors = newest(memory, "visitors", rule.window)
    match rule.metric:
        case "conversion_evidence" if judged is not None:
            usual, rate = number(judged.detail.get("usual")), number(judged.detail.get("rate"))
            if usual is None or rate is None or judged.evidence.n is None:
                return None
            risk = (usual - rate) * judged.evidence.n * atv_minor(memory, book)
        case "conversion" if visitors is not None:
            risk = gap * visitors * atv_minor(memory, book)
        case "visitors":
            risk = gap * conversion(memory, book) * atv_minor(memory, book)
        case "spv" if visitors is not None:
            risk = gap * visitors
        case _:
            return None
    return max(0, round(risk))


def _unsold_minor(subject: str, verdict: Verdict, memory: Memory, book: StoreBook) -> int | None:
    """Sales that a SKU's stock is too small for until the next delivery; ``None`` where its price is not known."""
    fact = memory.facts.get(fact_key("sku_cover", subject, "now"))
    product = book.products.get(subject.removeprefix("sku:"))
    if product is None or fact is None or verdict.value is None or verdict.reference is None:
        return None
    rate = fact.evidence.n or 0.0
    lost = lost_units(round(verdict.value * rate), rate * verdict.reference)
    return round(lost * product.price_minor)


def newest(memory: Memory, metric: str, window: str) -> float | None:
    """The store's newest value of a metric."""
    fact = memory.facts.get(fact_key(metric, "", window))
    return number(fact.value) if fact else None


def atv_minor(memory: Memory, book: StoreBook) -> float:
    """Average transaction value: of the hour, else of the day, else the benchmark's."""
    return newest(memory, "atv", "60m") or newest(memory, "atv", "day") or book.benchmark.atv_minor


def conversion(memory: Memory, book: StoreBook) -> float:
    """Conversion of the hour, else the benchmark's."""
    seen = newest(memory, "conversion", "60m")
    return book.benchmark.conversion if seen is None else seen
