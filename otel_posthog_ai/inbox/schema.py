"""The tables of the inbox's database."""

from __future__ import annotations

SCHEMA_VERSION = 2

SCHEMA = """
CREATE TABLE events(
    sequence INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL,
    event TEXT NOT NULL,
    distinct_id TEXT NOT NULL,
    day TEXT NOT NULL,
    at REAL NOT NULL,
    trace_id TEXT,
    session_id TEXT,
    node_id TEXT NOT NULL,
    parent_id TEXT,
    name TEXT,
    span_type TEXT,
    model TEXT,
    provider TEXT,
    latency REAL,
    input_tokens NUMERIC,
    output_tokens NUMERIC,
    input_cost REAL,
    output_cost REAL,
    total_cost REAL,
    pricing TEXT,
    asked TEXT,
    answered TEXT,
    is_error INTEGER NOT NULL,
    error TEXT,
    starts_at_timestamp INTEGER NOT NULL,
    warning_count INTEGER NOT NULL,
    UNIQUE(uuid, event, distinct_id, day)
);
CREATE INDEX events_by_trace ON events(trace_id, at, sequence);

-- Bodies are large and rarely read: apart from the facts, so that lists and trees never touch their pages.
CREATE TABLE bodies(
    sequence INTEGER PRIMARY KEY,
    route TEXT NOT NULL,
    received_at REAL NOT NULL,
    body TEXT NOT NULL,
    warnings TEXT NOT NULL
);

-- One row a trace, kept at insert: what the list shows, filters and sorts by. The header stands apart, so that a sort
-- of all traces reads short rows.
CREATE TABLE traces(
    trace_id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    name TEXT,
    distinct_id TEXT NOT NULL,
    session_id TEXT,
    model TEXT,
    input_tokens NUMERIC,
    output_tokens NUMERIC,
    cost REAL,
    latency REAL,
    errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    priced_sent INTEGER NOT NULL,
    priced_by_posthog INTEGER NOT NULL,
    priced_by_nobody INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX traces_by_start ON traces(started_at, trace_id);
CREATE INDEX traces_by_user ON traces(distinct_id, started_at);
CREATE INDEX traces_by_session ON traces(session_id, started_at);
CREATE TABLE headers(trace_id TEXT PRIMARY KEY, header TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trace_models(model TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY(model, trace_id)) WITHOUT ROWID;

-- Long traces whose row in `traces` waits to be written until somebody looks.
CREATE TABLE stale(trace_id TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE refusals(
    sequence INTEGER PRIMARY KEY,
    received_at REAL NOT NULL,
    route TEXT NOT NULL,
    status INTEGER NOT NULL,
    reason TEXT NOT NULL,
    bytes INTEGER NOT NULL
);
"""
