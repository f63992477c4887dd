"""Statistics of each action by DuckDB: duckdb_stats.py FILE THREADS.

Writes a line of JSON for each action. What is no JSON, or has no number for a time, is left out by
DuckDB itself, and what is no action by the condition.
"""

import json
import sys

import duckdb

QUERY = """
SELECT action, count(*) AS count, avg(time) AS mean, min(time) AS min, max(time) AS max
FROM read_json(
    ?,
    format = 'newline_delimited',
    columns = {action: 'VARCHAR', time: 'DOUBLE'},
    ignore_errors = true
)
WHERE time >= 0 AND trim(action) <> ''
GROUP BY action
"""


def main(path, threads):
    database = duckdb.connect(config={"threads": int(threads)})
    cursor = database.execute(QUERY, [path])
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        print(json.dumps(dict(zip(names, row))))


main(sys.argv[1], sys.argv[2])
