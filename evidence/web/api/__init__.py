"""The JSON API, one module per noun."""

from __future__ import annotations

from evidence.web.api import (
    accounts,
    activities,
    cards,
    case_files,
    cases,
    classes,
    complaints,
    devices,
    disposals,
    docks,
    emergencies,
    explanations,
    fault_files,
    grants,
    holds,
    keeping,
    labels,
    logs,
    people,
    receipts,
    recordings,
    reports,
    samples,
    tokens,
    units,
    watching,
)

ROUTERS = [
    one.router
    for one in (
        accounts,
        activities,
        cards,
        case_files,
        cases,
        classes,
        complaints,
        devices,
        disposals,
        docks,
        emergencies,
        explanations,
        fault_files,
        grants,
        holds,
        keeping,
        labels,
        logs,
        people,
        receipts,
        recordings,
        reports,
        samples,
        tokens,
        units,
        watching,
    )
]
