import { KEPT_HEADS } from '../heads.ts';

/*
 * The scripts of the ledger. Each begins with the same prelude and declares all of its keys: KEYS[1] is the ledger, and
 * KEYS[2] are the heads where the script may change the ledger. ARGV[1] is then a fresh random id, taken as the epoch if
 * the script has to make a ledger, or heads.
 *
 * Ledger: one sorted set. `h:<target>` / `s:<target>` -> seq of the newest hard / soft purge;
 * `e:<id>:<run id>:<floor>:<keyFloor>` -> +inf, the epoch. Heads: tenant -> its ledger's newest seq; `e:<id>:<run id>`
 * -> +inf. Seqs are larger than every one that the heads know, so that they are read by score from where one stands.
 *
 * Numbers are formatted with %.0f: tostring would round a seq to 14 digits.
 */

const PRELUDE = `
local ledger = KEYS[1]
local epoch, process, floor, keyFloor, member

local function text(number) return string.format('%.0f', number) end

local function micros()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- The Redis process that runs this script, where Redis tells it.
local function runId()
  local info = redis.pcall('INFO', 'server')
  if type(info) ~= 'string' then return '' end
  return string.match(info, 'run_id:(%x+)') or ''
end
local here = runId()

-- What another process of Redis wrote may lack what was acknowledged.
local function isElsewhere(id)
  return here ~= '' and id ~= '' and id ~= here
end

local function read()
  local top = redis.call('ZRANGEBYSCORE', ledger, '+inf', '+inf')
  member = top[1]
  if not member then return false end
  local a, b, c, d = string.match(member, '^e:([0-9a-f]+):([0-9a-f]*):(%d+):(%d+)$')
  if top[2] or not a or #a ~= 32 then return false end
  epoch, process, floor, keyFloor = a, b, tonumber(c), tonumber(d)
  return true
end
`;

/** For scripts that may change the ledger. */
const OPENING = `
local heads, newest = KEYS[2], nil

-- The newest change of any ledger. Heads are a hint: whatever is wrong with them, others are made.
local function openHeads()
  local top = redis.pcall('ZRANGEBYSCORE', heads, '+inf', '+inf')
  local id = string.match(top[1] or '', '^e:[0-9a-f]+:([0-9a-f]*)$')
  if id and not top[2] and not isElsewhere(id) then
    local last = redis.call('ZREVRANGEBYSCORE', heads, '(+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
    local seq = last[2] and tonumber(last[2]) or 0
    if seq >= 0 and seq <= 9007199254740991 and seq % 1 == 0 then return seq end
  end
  redis.call('DEL', heads)
  redis.call('ZADD', heads, '+inf', 'e:' .. ARGV[1] .. ':' .. here)
  return 0
end

-- Larger than every seq of any ledger.
local function issue(after)
  newest = math.max((newest or openHeads()) + 1, after + 1, micros())
  return newest
end

-- The oldest are forgotten: nobody is told so many.
local function moveHead()
  redis.call('ZADD', heads, text(newest), string.match(ledger, ':t:([^:]+):~ledger$'))
  if redis.call('ZCARD', heads) > ${2 * KEPT_HEADS} then redis.call('ZREMRANGEBYRANK', heads, 0, ${-KEPT_HEADS - 2}) end
end

local function writeEpoch()
  if member then redis.call('ZREM', ledger, member) end
  member = 'e:' .. epoch .. ':' .. process .. ':' .. text(floor) .. ':' .. text(keyFloor)
  redis.call('ZADD', ledger, '+inf', member)
end

local function create()
  redis.call('DEL', ledger)
  epoch, process, member = ARGV[1], here, nil
  floor = issue(0)
  keyFloor = floor
  writeEpoch()
  moveHead()
end

local function last()
  local top = redis.call('ZREVRANGEBYSCORE', ledger, '(+inf', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return math.max(top[2] and tonumber(top[2]) or 0, floor, keyFloor)
end

-- Another process of Redis may lack marks that were acknowledged; a ledger behind its reader does.
local function open(cursorEpoch, cursorSeen)
  if not read() then return create() end
  if isElsewhere(process) or (cursorEpoch == epoch and last() < tonumber(cursorSeen)) then create() end
end

local function marksSince(since)
  return redis.call('ZRANGE', ledger, since, '+inf', 'BYSCORE', 'WITHSCORES')
end

local function answer(seq, cursorEpoch, cursorSeen)
  local since = '0'
  if cursorEpoch == epoch then since = cursorSeen end
  return { seq, since, marksSince(since) }
end
`;

/** Marks a target and trims. The retention arguments are microseconds. */
const MARKING = `
local function trim(keepEntries, keepCopies, cap, added)
  -- Reads the whole ledger, so not on every mark: either kind may pass its caps by 1/32 of the count, and a mark its time.
  local count = redis.call('ZCARD', ledger) - 1
  if count % math.max(1, math.floor(cap / 32)) >= added then return end
  local top = last()
  local rows = redis.call('ZRANGE', ledger, '-inf', '(+inf', 'BYSCORE', 'WITHSCORES')
  local capBytes = cap * 128
  local keys, others, keyBytes, otherBytes = 0, 0, 0, 0
  for at = 1, #rows, 2 do
    if string.sub(rows[at], 1, 4) == 'h:k:' then
      keys, keyBytes = keys + 1, keyBytes + #rows[at]
    else
      others, otherBytes = others + 1, otherBytes + #rows[at]
    end
  end
  local trimmed = false
  for at = 1, #rows, 2 do
    local mark, seq = rows[at], tonumber(rows[at + 1])
    if string.sub(mark, 1, 4) == 'h:k:' then
      if keys > cap or keyBytes > capBytes or seq < top - keepCopies then
        redis.call('ZREM', ledger, mark)
        keys, keyBytes = keys - 1, keyBytes - #mark
        keyFloor, trimmed = math.max(keyFloor, seq), true
      end
    elseif others > cap or otherBytes > capBytes or seq < top - keepEntries then
      redis.call('ZREM', ledger, mark)
      others, otherBytes = others - 1, otherBytes - #mark
      floor, trimmed = math.max(floor, seq), true
    end
  end
  if trimmed then writeEpoch() end
end
`;

/** ARGV: id, cursor epoch, cursor seen. */
export const CONFIRM = `${PRELUDE}${OPENING}
open(ARGV[2], ARGV[3])
return answer('0', ARGV[2], ARGV[3])
`;

/** Answers a seq of 0, and does nothing, for a message that has marked before. */
const PURGE = `${PRELUDE}${OPENING}${MARKING}
open(ARGV[2], ARGV[3])
local entries, added = 3, 0
if ARGV[7] ~= '0' then
  if redis.call('EXISTS', KEYS[3]) == 1 then return answer('0', ARGV[2], ARGV[3]) end
  entries = 4
end
local after = last()
for at = 9, #ARGV do
  after = issue(after)
  added = added + redis.call('ZADD', ledger, text(after), ARGV[8] .. ARGV[at])
end
if #ARGV > 8 then moveHead() end
trim(tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), added)
for at = entries, #KEYS do redis.call('UNLINK', KEYS[at]) end
-- Last: a script that ends before its time takes nothing back.
if entries == 4 then redis.call('SET', KEYS[3], '', 'PX', ARGV[7]) end
`;

/**
 * KEYS: ledger, heads, the record of the message if there is one, entries to unlink. ARGV: id, cursor epoch, cursor seen,
 * keep entries, keep copies, cap, life of the record in ms or 0, mode prefix, targets.
 */
export const MARK = `${PURGE}return answer(text(after), ARGV[2], ARGV[3])
`;

/** As {@link MARK}, but answers the seq alone: for many ledgers at once, of which nobody wants to read all marks. */
export const MARK_QUIETLY = `${PURGE}return text(after)
`;

/**
 * Whether an entry with a stamp may be stored, whatever stands there. A ledger that is missing, or of another process, is
 * left to CONFIRM, which writes the heads: these scripts only look at the ledger, so that they wait for no other tenant's.
 */
const JUDGING = `
local function judge(stampEpoch, asOf, keyMark)
  if not read() or isElsewhere(process) then return 'unopened' end
  if epoch ~= stampEpoch then return 'epoch' end
  if asOf < floor or asOf < keyFloor then return 'floor' end
  local purged = redis.call('ZSCORE', ledger, keyMark)
  if purged and tonumber(purged) > asOf then return 'purged' end
  return 'stored'
end
`;

/**
 * KEYS: ledger, entry, and the lease if it was loaded under one. ARGV: stamp epoch, stamp asOf, mark of the key, lifetime
 * in ms, frame, and the token of the lease.
 */
export const COMMIT = `${PRELUDE}${JUDGING}
if KEYS[3] then
  if redis.call('GET', KEYS[3]) ~= ARGV[6] then return 'fenced' end
  redis.call('DEL', KEYS[3])
end
local asOf = tonumber(ARGV[2])
local outcome = judge(ARGV[1], asOf, ARGV[3])
if outcome ~= 'stored' then return outcome end
local header = redis.call('GETRANGE', KEYS[2], 0, 51)
if string.sub(header, 1, 4) == 'TCL1' and string.sub(header, 5, 36) == epoch and (tonumber(string.sub(header, 37, 52)) or 0) > asOf then
  return 'newer'
end
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[4])
return 'stored'
`;

/**
 * KEYS: ledger, entry. ARGV: stamp epoch, stamp asOf, mark of the key, lifetime in ms, frame, and how the text begins that
 * is to stand there still.
 */
export const TOUCH = `${PRELUDE}${JUDGING}
local outcome = judge(ARGV[1], tonumber(ARGV[2]), ARGV[3])
if outcome ~= 'stored' then return outcome end
local stands = redis.call('GETRANGE', KEYS[2], 0, #ARGV[6] - 1)
if stands == '' then return 'absent' end
if stands ~= ARGV[6] then return 'changed' end
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[4])
return 'stored'
`;

/**
 * KEYS: ledger, heads, entry. ARGV: id, known epoch, known seq, keep entries, keep copies, cap, mark of the key, lifetime in
 * ms, frame behind its clear header, targets that stand in the way when newer.
 */
export const SUPERSEDE = `${PRELUDE}${OPENING}${MARKING}
open('', '0')
local known = tonumber(ARGV[3])
if epoch ~= ARGV[2] or known < floor then return { 'superseded' } end
for at = 10, #ARGV do
  -- Below the key floor a mark of the key may have been trimmed.
  if known < keyFloor and string.sub(ARGV[at], 1, 2) == 'k:' then return { 'superseded' } end
  for _, mode in ipairs({ 'h:', 's:' }) do
    local purged = redis.call('ZSCORE', ledger, mode .. ARGV[at])
    if purged and tonumber(purged) > known then return { 'superseded' } end
  end
end
local seq = issue(last())
local added = redis.call('ZADD', ledger, text(seq), ARGV[7])
moveHead()
trim(tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), added)
redis.call('SET', KEYS[3], 'TCL1' .. epoch .. string.format('%016.0f', seq) .. ARGV[9], 'PX', ARGV[8])
return { 'stored', epoch, text(seq) }
`;

/** KEYS: heads. */
export const FORGET_HEADS = `return redis.call('DEL', KEYS[1])
`;

/** KEYS: lease. ARGV: token. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;
