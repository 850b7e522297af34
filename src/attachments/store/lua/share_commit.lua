--[[
  Commits one change of an operation on a share, or its end: if the version is the expected one and no other owner holds
  it, writes or deletes it, bumps the version, ends or keeps the lease, reschedules, appends the event to the log and
  publishes it.

  KEYS[1] operation     KEYS[2] operations of the project   KEYS[3] operations by share
  KEYS[4] due set       KEYS[5] log            KEYS[6] channel   KEYS[7] pending projects of the shard
  ARGV[1] expected version   ARGV[2] lease owner, or ''     ARGV[3] '1' to keep the lease
  ARGV[4] operation as JSON, or '' to delete it             ARGV[5] id   ARGV[6] share id, or ''
  ARGV[7] due in, ms         ARGV[8] due member
  ARGV[9] event as JSON, or ''                 ARGV[10] log length   ARGV[11] project id

  Returns {1, new version}; {-1} no such operation; {-2} the version moved on, or another holds it.
]]
-- MAX_LEASE_MS of contract.ts: a lease that ends later was written before the clock was set back, and is over.
local MAX_LEASE_MS = 1800000
local operation, operations, byShare = KEYS[1], KEYS[2], KEYS[3]
local due, log, channel, pending = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local expected, owner, keepLease, json, id, shareId = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local dueInMs, member, event, length, projectId = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]

local present = redis.call('HMGET', operation, 'version', 'owner', 'until', 'share')
if not present[1] then return {-1} end
if present[1] ~= expected then return {-2} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = tonumber(present[3])
local isHeld = untilMs > now and untilMs <= now + MAX_LEASE_MS
if isHeld and present[2] ~= owner then return {-2} end

local version = tonumber(expected) + 1
if json == '' then
  redis.call('DEL', operation)
  redis.call('SREM', operations, id)
  if present[4] ~= '' and redis.call('HGET', byShare, present[4]) == id then redis.call('HDEL', byShare, present[4]) end
  redis.call('ZREM', due, member)
else
  redis.call('HSET', operation, 'version', version, 'record', json, 'share', shareId)
  if shareId ~= '' then redis.call('HSET', byShare, shareId, id) end
  if isHeld and keepLease == '1' then
    redis.call('ZADD', due, present[3], member)
  else
    redis.call('HSET', operation, 'owner', '', 'until', 0)
    redis.call('ZADD', due, now + dueInMs, member)
  end
end

if event ~= '' then
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local cursor = redis.call('XADD', log, 'MAXLEN', length, '*', 'event', event)
  redis.call('SPUBLISH', channel, cursor .. ' ' .. (last and last[1] or '0-0') .. ' ' .. event)
  redis.call('SADD', pending, projectId)
end
return {1, version}
