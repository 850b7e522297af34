--[[
  Writes an operation on a share if there is none with its id and none for its share; holds it under a lease, schedules
  it, appends the event to the project's log and publishes it.

  KEYS[1] operation     KEYS[2] operations of the project   KEYS[3] operations by share
  KEYS[4] due set       KEYS[5] log            KEYS[6] channel   KEYS[7] pending projects of the shard
  ARGV[1] id            ARGV[2] share id, or ''                  ARGV[3] operation as JSON
  ARGV[4] lease owner   ARGV[5] lease, ms      ARGV[6] due member
  ARGV[7] event as JSON                        ARGV[8] log length   ARGV[9] project id
  ARGV[10] prefix of an operation's key        ARGV[11] maximum number of operations

  Returns {1}; {-4, version, operation} there is one; {-9} the project has too many.
]]
local operation, operations, byShare = KEYS[1], KEYS[2], KEYS[3]
local due, log, channel, pending = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local id, shareId, json, owner, leaseMs, member = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local event, length, projectId, keyPrefix, maximum = ARGV[7], ARGV[8], ARGV[9], ARGV[10], tonumber(ARGV[11])

local present = redis.call('HMGET', operation, 'version', 'record')
if not present[1] and shareId ~= '' then
  local other = redis.call('HGET', byShare, shareId)
  if other then present = redis.call('HMGET', keyPrefix .. other, 'version', 'record') end
end
if present[1] then return {-4, present[1], present[2]} end
if redis.call('SCARD', operations) >= maximum then return {-9} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', operation, 'version', 1, 'record', json, 'share', shareId, 'owner', owner, 'until', now + leaseMs)
redis.call('SADD', operations, id)
if shareId ~= '' then redis.call('HSET', byShare, shareId, id) end
redis.call('ZADD', due, now + leaseMs, member)

local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local cursor = redis.call('XADD', log, 'MAXLEN', length, '*', 'event', event)
redis.call('SPUBLISH', channel, cursor .. ' ' .. (last and last[1] or '0-0') .. ' ' .. event)
redis.call('SADD', pending, projectId)
return {1}
