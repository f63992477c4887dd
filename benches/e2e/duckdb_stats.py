"""Statistics of each action by DuckDB: duckdb_stats.py FILE THREADS QUERY.

Prints a line of JSON for each action. `quantiles` adds estimates of the median and the 99th percentile. `mixed`
is for files with invalid lines: DuckDB itself skips lines that are not JSON or whose time is not a number; the
condition skips the other invalid actions.
"""

import json
import sys

import duckdb

QUERIES = {
    "actions": """
SELECT action, count(*) AS count, avg(time) AS mean, min(time) AS min, max(time) AS max
FROM read_json(
    ?, format = 'newline_delimited', columns = {action: 'VARCHAR', time: 'DOUBLE'}
)
GROUP BY action
""",
    "quantiles": """
SELECT
    action, count(*) AS count, avg(time) AS mean, min(time) AS min, max(time) AS max,
    approx_quantile(time, 0.5) AS p50, approx_quantile(time, 0.99) AS p99
FROM read_json(
    ?, format = 'newline_delimited', columns = {action: 'VARCHAR', time: 'DOUBLE'}
)
GROUP BY action
""",
    "mixed": """
SELECT action, count(*) AS count, avg(time) AS mean, min(time) AS min, max(time) AS max
FROM read_json(
    ?,
    format = 'newline_delimited',
    columns = {action: 'VARCHAR', time: 'DOUBLE'},
    ignore_errors = true
)
WHERE time >= 0 AND trim(action) <> ''
GROUP BY action
""",
    "caddy": """
SELECT
    request.method || ' ' || request.uri AS action,
    count(*) AS count, avg(duration) AS mean, min(duration) AS min, max(duration) AS max
FROM read_json(
    ?,
    format = 'newline_delimited',
    columns = {request: 'STRUCT(method VARCHAR, uri VARCHAR)', duration: 'DOUBLE'}
)
GROUP BY action
""",
    "csv": """
SELECT
    method || ' ' || path || ' ' || status AS action,
    count(*) AS count, avg(elapsed_ms) AS mean, min(elapsed_ms) AS min, max(elapsed_ms) AS max
FROM read_csv(?, types = {status: 'VARCHAR', elapsed_ms: 'DOUBLE'})
GROUP BY action
""",
}


def main(path, threads, query):
    database = duckdb.connect(config={"threads": int(threads)})
    cursor = database.execute(QUERIES[query], [path])
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        print(json.dumps(dict(zip(names, row))))


main(*sys.argv[1:])
