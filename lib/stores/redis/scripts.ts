import { createHash } from 'node:crypto'
import type { Script } from './connection.js'

// Every value is a string of lines, the last of them JSON, in which a line break cannot stand. Numbers go as text: replies would lose digits.
// The keys of a namespace: meta (epoch, version, hints), records (member → incarnation, seq, state, instant, info, rest), index (member by
// version), ages (member by instant), drains (member → revision, instant, draining), gateways (id → end, instant, JSON). Instants are those of Redis.
const common = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local retention = 600000

local function text (number) return string.format('%.0f', number) end

-- Where meta alone was lost, versions count on from those of the index: a page that began below them would never end.
local function begin (index)
  if redis.call('HSETNX', KEYS[1], 'epoch', time[1] .. '.' .. time[2]) == 0 then return end
  local highest = tonumber(redis.call('ZREVRANGE', index, 0, 0, 'WITHSCORES')[2] or '0')
  local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
  redis.call('HSET', KEYS[1], 'version', text(math.max(version, highest)))
end

local function keep ()
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, retention) end
end

-- Who may not publish goes without hints.
local function hint (channel)
  local count = text((tonumber(redis.call('HGET', KEYS[1], 'hints') or '0')) + 1)
  if type(redis.pcall('PUBLISH', channel, count)) == 'number' then redis.call('HSET', KEYS[1], 'hints', count) end
end

-- Forgets the fields of a small hash whose value has an instant in its line that is over.
local function forget (key, pattern, before)
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if tonumber(string.match(all[i + 1], pattern)) <= before then redis.call('HDEL', key, all[i]) end
  end
end
`

const put = `
-- KEYS: meta records index ages. ARGV: channel member incarnation seq state info rest
local kept = redis.call('HGET', KEYS[2], ARGV[2])
local isHint = true
if kept then
  local incarnation, seq, state, info = string.match(kept, '^([^\\n]*)\\n([^\\n]*)\\n([^\\n]*)\\n[^\\n]*\\n([^\\n]*)\\n')
  if incarnation ~= '' and ARGV[3] ~= '' then
    local before, after = tonumber(incarnation), tonumber(ARGV[3])
    if after < before then return 0 end
    if after == before then
      if state == 'left' then return 0 end
      if seq ~= '' and ARGV[4] ~= '' and tonumber(ARGV[4]) <= tonumber(seq) then return 0 end
    end
  end
  isHint = incarnation ~= ARGV[3] or state ~= ARGV[5] or info ~= ARGV[6]
end
begin(KEYS[3])
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[2], ARGV[2], table.concat({ ARGV[3], ARGV[4], ARGV[5], text(now), ARGV[6], ARGV[7] }, '\\n'))
redis.call('ZADD', KEYS[3], text(version), ARGV[2])
redis.call('ZADD', KEYS[4], text(now), ARGV[2])
local old = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', text(now - retention), 'LIMIT', 0, 10)
if #old > 0 then
  redis.call('HDEL', KEYS[2], unpack(old))
  redis.call('ZREM', KEYS[3], unpack(old))
  redis.call('ZREM', KEYS[4], unpack(old))
end
keep()
if isHint then hint(ARGV[1]) end
return 1
`

const drain = `
-- KEYS: meta drains. ARGV: channel member revision draining
local kept = redis.call('HGET', KEYS[2], ARGV[2])
local revision, _, draining = string.match(kept or '', '^([^\\n]*)\\n([^\\n]*)\\n([^\\n]*)$')
local isNew = not kept or tonumber(ARGV[3]) > tonumber(revision)
if isNew then revision, draining = ARGV[3], ARGV[4] end
if isNew or ARGV[3] == revision then redis.call('HSET', KEYS[2], ARGV[2], revision .. '\\n' .. text(now) .. '\\n' .. draining) end
forget(KEYS[2], '^[^\\n]*\\n([^\\n]*)', now - retention)
keep()
if isNew then hint(ARGV[1]) end
return 1
`

const announce = `
-- KEYS: meta gateways. ARGV: channel id ttlMs presence
forget(KEYS[2], '^([^\\n]*)', now)
local kept = redis.call('HGET', KEYS[2], ARGV[2])
local ttl = tonumber(ARGV[3])
local presence
if ttl > 0 then
  presence = ARGV[4]
  redis.call('HSET', KEYS[2], ARGV[2], text(now + ttl) .. '\\n' .. presence)
else
  redis.call('HDEL', KEYS[2], ARGV[2])
end
keep()
if string.match(kept or '', '\\n(.*)$') ~= presence then hint(ARGV[1]) end
return 1
`

const changes = `
-- KEYS: meta records index drains gateways. ARGV: source version pageSize
-- Gives: source version isOther now hints records drains gateways. The version is where the next page begins.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  begin(KEYS[3])
  redis.call('PEXPIRE', KEYS[1], retention)
  epoch = redis.call('HGET', KEYS[1], 'epoch')
end
-- A server that took over may lack what the former one had, and have counted on since.
local server = redis.pcall('INFO', 'server')
local source = epoch .. '-' .. (type(server) == 'string' and string.match(server, 'run_id:(%x+)') or '')
local version = redis.call('HGET', KEYS[1], 'version') or '0'
local isOther = ARGV[1] ~= source or tonumber(ARGV[2]) > tonumber(version)
local page = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. (isOther and '0' or ARGV[2]), '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local members = {}
for i = 1, #page, 2 do members[#members + 1] = page[i] end
local records = {}
if #members > 0 then records = redis.call('HMGET', KEYS[2], unpack(members)) end
for i = 1, #records do records[i] = records[i] or '' end
if #members == tonumber(ARGV[3]) then version = page[#page] end
local hints = redis.call('HGET', KEYS[1], 'hints') or '0'
return { source, version, isOther and '1' or '0', text(now), hints, records, redis.call('HGETALL', KEYS[4]), redis.call('HVALS', KEYS[5]) }
`

// In microseconds, so that a store that was emptied in between gives a higher token as well.
const lease = `
-- KEYS: lease. ARGV: owner ttlMs
local kept = redis.call('HMGET', KEYS[1], 'owner', 'until', 'token')
local isHeld = kept[1] and tonumber(kept[2]) > now
if isHeld and kept[1] ~= ARGV[1] then return false end
local token = kept[3]
if not isHeld then token = text(math.max(tonumber(token or '0') + 1, time[1] * 1000000 + time[2])) end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', text(now + tonumber(ARGV[2])), 'token', token)
return token
`

const release = `
-- KEYS: lease. ARGV: owner
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner', 'until') end
return 1
`

/** What the store has Redis do, each at one stroke. */
export type Scripts = Readonly<Record<'put' | 'drain' | 'announce' | 'changes' | 'lease' | 'release', Script>>

export function scripts (): Scripts {
  return { put: script(put), drain: script(drain), announce: script(announce), changes: script(changes), lease: script(lease), release: script(release) }
}

function script (body: string): Script {
  const lua = common + body
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}
