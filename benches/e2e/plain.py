"""Statistics of each action, as a hand-written script computes them: plain.py FILE.

Prints a line of JSON for each action, and the number of invalid lines on standard error.
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
    for action, (count, total, smallest, largest) in rows.items():
        row = {"action": action, "count": count, "mean": total / count}
        print(json.dumps({**row, "min": smallest, "max": largest}))
    print(f"{refused} lines refused", file=sys.stderr)


main(sys.argv[1])
