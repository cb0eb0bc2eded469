class TrialFailed(ValueError):
    """A trial has no result; the message is the reason, in a line."""


def all_failed(reasons: list[str], folder) -> TrialFailed:
    """Of a search without a completed trial: quotes the commonest reasons."""
    if not reasons:
        return TrialFailed(
            f"the search in {folder} has no completed trial: run it."
        )
    counts = {reason: reasons.count(reason) for reason in reasons}
    listed = "; ".join(
        f"{reason} ({count} times)" if count > 1 else reason
        for reason, count in sorted(counts.items(), key=lambda x: -x[1])[:5]
    )
    return TrialFailed(
        f"all {len(reasons)} trials in {folder} failed: {listed}. Narrow the "
        "search space, or mend what the reasons name, and start a new search."
    )
