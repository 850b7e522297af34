--[[
  Commits one change of an attachment: if the version is the expected one and no other owner holds the record, writes
  it, bumps the version, indexes it anew, ends or keeps the lease, reschedules, appends the event to the log and
  publishes it.

  KEYS[1] record             KEYS[2] due set         KEYS[3] log         KEYS[4] channel
  KEYS[5] pending projects of the shard
  ARGV[1] expected version   ARGV[2] lease owner, or ''                  ARGV[3] '1' to keep the lease
  ARGV[4] record as JSON     ARGV[5] status          ARGV[6] due in, ms, or '' for never   ARGV[7] due member
  ARGV[8] event as JSON, or ''                       ARGV[9] log length   ARGV[10] project id
  ARGV[11] prefix of the indexes by status                               ARGV[12] prefix of the indexes by target
  ARGV[13] entries in the indexes by target as JSON: score by name

  Returns {1, new version}; {-1} no such record; {-2} the version moved on, or another holds the record.
]]
-- MAX_LEASE_MS of contract.ts: a lease that ends later was written before the clock was set back, and is over.
local MAX_LEASE_MS = 1800000
local record, due, log, channel, pending = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local expected, owner, keepLease, json, status = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local dueInMs, member, event, length, projectId = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local statusPrefix, targetPrefix, targets = ARGV[11], ARGV[12], ARGV[13]

local present = redis.call('HMGET', record, 'version', 'owner', 'until', 'position', 'status', 'targets')
if not present[1] then return {-1} end
if present[1] ~= expected then return {-2} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = tonumber(present[3])
local isHeld = untilMs > now and untilMs <= now + MAX_LEASE_MS
if isHeld and present[2] ~= owner then return {-2} end

local position, oldStatus, oldTargets = present[4], present[5], present[6]
local version = redis.call('HINCRBY', record, 'version', 1)
redis.call('HSET', record, 'record', json, 'status', status, 'targets', targets)
if oldStatus ~= status then redis.call('ZREM', statusPrefix .. oldStatus, position) end
redis.call('ZADD', statusPrefix .. status, 0, position)
if oldTargets ~= targets then
  local now, targetMember = cjson.decode(targets), string.match(position, '^(.*):')
  for name in pairs(cjson.decode(oldTargets or '{}')) do
    if not now[name] then redis.call('ZREM', targetPrefix .. name, targetMember) end
  end
  for name, score in pairs(now) do redis.call('ZADD', targetPrefix .. name, score, targetMember) end
end
if isHeld and keepLease == '1' then
  -- Whatever dueInMs says: the record of a holder that crashes comes due when its lease ends.
  redis.call('ZADD', due, present[3], member)
else
  redis.call('HSET', record, 'owner', '', 'until', 0)
  if dueInMs == '' then redis.call('ZREM', due, member) else redis.call('ZADD', due, now + dueInMs, member) end
end

if event ~= '' then
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local cursor = redis.call('XADD', log, 'MAXLEN', length, '*', 'event', event)
  redis.call('SPUBLISH', channel, cursor .. ' ' .. (last and last[1] or '0-0') .. ' ' .. event)
  redis.call('SADD', pending, projectId)
end
return {1, version}
