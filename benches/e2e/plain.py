"""Statistics of each action, as one would write them oneself: plain.py FILE.

Writes a line of JSON for each action, and on standard error how many lines are no actions.
"""

import json
import sys


def main(path):
    rows, refused = {}, 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            try:
                entry = json.loads(line)
                action, time = entry["action"], entry["time"]
                if not action.strip() or time < 0:
                    raise ValueError(line)
            except (KeyError, TypeError, ValueError):
                refused += 1
                continue
            row = rows.get(action)
            if row is None:
                rows[action] = [1, time, time, time]
            else:
                row[0] += 1
                row[1] += time
                if time < row[2]:
                    row[2] = time
                if time > row[3]:
                    row[3] = time
    for action, (count, total, least, greatest) in rows.items():
        row = {"action": action, "count": count, "mean": total / count}
        print(json.dumps({**row, "min": least, "max": greatest}))
    print(f"{refused} lines refused", file=sys.stderr)


main(sys.argv[1])
