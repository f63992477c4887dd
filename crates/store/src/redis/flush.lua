-- Stores cells of one writer in one stripe, each unless it has a higher revision there.
-- KEYS: the state of the stripe, then its buckets.
-- ARGV: writer, sequence, the sequence before or '', interval and keep in ms, whether to drop old
-- writers; then for each bucket the number of its cells, and for each chunk, revision and value.
-- Returns the sequence before, and the revision before of each cell, '' for none.

-- Numbers have up to 20 digits. Those of Lua are floats, which do not have so many, and it compares
-- text by the locale. So the numbers of the last ten digits and of those before are compared.
local function is_higher(one, two)
  local function half(digits, from, to)
    return tonumber(string.sub(digits, from, to)) or 0
  end
  local high, other = half(one, 1, -11), half(two, 1, -11)
  if high ~= other then
    return high > other
  end
  return half(one, -10, -1) > half(two, -10, -1)
end

-- Only extends, because writers that keep their cells for different times share the key.
local function keep_for(key, keep)
  if redis.call('PTTL', key) < tonumber(keep) then
    redis.call('PEXPIRE', key, keep)
  end
end

local state, writer, sequence, after, keep = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local time = redis.call('TIME')
local micros = time[1] .. string.format('%06d', tonumber(time[2]))

if ARGV[6] == '1' then
  local states = redis.call('HGETALL', state)
  for at = 1, #states, 2 do
    local seen, kept = string.match(states[at + 1], '^%d+ (%d+) %d+ (%d+)$')
    if not seen or tonumber(seen) + tonumber(kept) * 1000 < tonumber(micros) then
      redis.call('HDEL', state, states[at])
    end
  end
end

local seen = redis.call('HGET', state, writer)
local before = seen and string.match(seen, '^(%d+) ') or ''
local continues = before ~= '' and not is_higher(after, before) and is_higher(sequence, before)
if after == '' or continues then
  local value = sequence .. ' ' .. micros .. ' ' .. ARGV[4] .. ' ' .. keep
  redis.call('HSET', state, writer, value)
end
keep_for(state, keep)

local revisions, at = {}, 7
for bucket = 2, #KEYS do
  local key, has_changed = KEYS[bucket], false
  for _ = 1, tonumber(ARGV[at]) do
    local field, revision = writer .. ':' .. ARGV[at + 1], ARGV[at + 2]
    local stored = redis.call('HGET', key, field)
    local known = stored and string.match(stored, '^(%d+) ') or ''
    if known == '' or is_higher(revision, known) then
      redis.call('HSET', key, field, revision .. ' ' .. ARGV[at + 3])
      has_changed = true
    end
    revisions[#revisions + 1] = known
    at = at + 3
  end
  at = at + 1
  if has_changed then
    redis.call('HSET', key, 'version', micros .. ' ' .. writer .. ' ' .. sequence)
  end
  keep_for(key, keep)
end
return { before, revisions }
