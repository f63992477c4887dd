"""Statistics of each action by DuckDB: duckdb_stats.py FILE THREADS.

Prints a line of JSON for each action. DuckDB itself skips lines that are not JSON or whose time is not a
number; the condition skips the other invalid actions.
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
