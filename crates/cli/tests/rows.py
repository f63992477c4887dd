"""Prints count, mean, minimum and maximum of each action in a file of rows, as `windrow merge --format csv` does."""
import struct, sys, zlib
from fractions import Fraction

data = open(sys.argv[1], "rb").read()
at = 4

def integer():
    global at
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value

def signed():
    value = integer()
    return -(value >> 1) - 1 if value & 1 else value >> 1

def raw(length):
    global at
    at += length
    return data[at - length:at]

def text(): return raw(integer()).decode()
def float_(): return struct.unpack("<d", raw(8))[0]

def sum_():
    value = integer()
    if value & 1 == 0:
        return Fraction(value >> 1)
    power = signed()
    return int.from_bytes(raw(value >> 1), "little") * Fraction(2) ** power

def times(number):
    before, found = 0, []
    for _ in range(number):
        value = integer()
        before += 0 if value == 1 else value >> 1
        found.append(float_() if value == 1 else before)
    return found

def bins(): return [(integer(), integer()) for _ in range(integer())]

def quantiles():
    number = integer()
    if number != 1:
        return times(number >> 1)
    for _ in range(2):  # The minimum and the maximum, each with its count.
        if integer() > 0:
            times(1)
    return integer(), bins()

FORMS = {"count": integer, "mean": lambda: (integer(), sum_()), "variance": lambda: (integer(), sum_(), sum_()),
         "minmax": lambda: times(2 * integer()), "quantiles": quantiles}

assert data[:4] == b"wrow" and integer() == 1 and zlib.crc32(data[:-4]).to_bytes(4, "little") == data[-4:]
tag, _resolution, _zone, unit = text(), integer(), text(), integer()
raw(12 * integer()), integer(), integer(), integer()
unit = [None, "ns", "us", "ms", "s", "min", "h"][unit]
print("action,count,mean,min,max" + (",unit" if unit else ""))
number = integer()
while number:
    signed()
    for _ in range(number):
        name, _first, (mean, ends, _) = text(), integer(), [FORMS[form]() for form in tag.split("+")]
        cells = [mean[0], float(mean[1] / mean[0]), *ends]
        cells = [int(cell) if cell < 1e16 and cell == int(cell) else cell for cell in cells]
        print(",".join(map(str, [name, *cells, *filter(None, [unit])])))
    number = integer()
