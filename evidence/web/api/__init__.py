"""The JSON API, one module per noun."""

from __future__ import annotations

from evidence.web.api import (
    accounts,
    act_documents,
    activities,
    cards,
    case_files,
    cases,
    classes,
    devices,
    disposals,
    docks,
    emergencies,
    explanations,
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
    steps,
    tokens,
    units,
    watching,
)

ROUTERS = [
    one.router
    for one in (
        accounts,
        act_documents,
        activities,
        cards,
        case_files,
        cases,
        classes,
        devices,
        disposals,
        docks,
        emergencies,
        explanations,
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
        steps,
        tokens,
        units,
        watching,
    )
]
