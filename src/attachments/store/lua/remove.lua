--[[
  Deletes an attachment if the version is the expected one and no other owner holds the record, with its index entries
  and its mount point; appends the event to the log and publishes it.

  KEYS[1] record        KEYS[2] project index   KEYS[3] server index   KEYS[4] share index
  KEYS[5] mount points  KEYS[6] due set         KEYS[7] log            KEYS[8] channel
  KEYS[9] projects of the shard                 KEYS[10] pending projects of the shard
  ARGV[1] expected version   ARGV[2] lease owner, or ''   ARGV[3] due member
  ARGV[4] event as JSON, or ''   ARGV[5] log length   ARGV[6] project id
  ARGV[7] prefix of the indexes by status   ARGV[8] prefix of the indexes by target

  Returns {1}; {-1} no such record; {-2} the version moved on, or another holds the record.
]]
-- MAX_LEASE_MS of contract.ts: a lease that ends later was written before the clock was set back, and is over.
local MAX_LEASE_MS = 1800000
local record, projectIndex, serverIndex, shareIndex = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local mountPoints, due, log, channel, projects = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local pending = KEYS[10]
local expected, owner, member, event, length, projectId = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local statusPrefix, targetPrefix = ARGV[7], ARGV[8]

local present = redis.call('HMGET', record, 'version', 'owner', 'until', 'position', 'mount_point',
  'status', 'targets')
if not present[1] then return {-1} end
if present[1] ~= expected then return {-2} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = tonumber(present[3])
local isHeld = untilMs > now and untilMs <= now + MAX_LEASE_MS
if isHeld and present[2] ~= owner then return {-2} end

local position, mountPoint = present[4], present[5]
redis.call('DEL', record)
redis.call('ZREM', projectIndex, position)
if redis.call('ZCARD', projectIndex) == 0 then redis.call('SREM', projects, projectId) end
redis.call('ZREM', serverIndex, position)
redis.call('ZREM', shareIndex, position)
redis.call('ZREM', statusPrefix .. present[6], position)
local targetMember = string.match(position, '^(.*):')
for name in pairs(cjson.decode(present[7] or '{}')) do redis.call('ZREM', targetPrefix .. name, targetMember) end
if mountPoint ~= '' then redis.call('HDEL', mountPoints, mountPoint) end
redis.call('ZREM', due, member)

if event ~= '' then
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local cursor = redis.call('XADD', log, 'MAXLEN', length, '*', 'event', event)
  redis.call('SPUBLISH', channel, cursor .. ' ' .. (last and last[1] or '0-0') .. ' ' .. event)
  redis.call('SADD', pending, projectId)
end
return {1}
