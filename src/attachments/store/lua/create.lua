--[[
  Writes an attachment if its pair has none and its mount point is free on its server; indexes it, holds it under a
  lease, schedules it, appends the event to the project's log and publishes it.

  KEYS[1] record        KEYS[2] project index   KEYS[3] server index   KEYS[4] share index
  KEYS[5] mount points  KEYS[6] due set         KEYS[7] log            KEYS[8] channel
  KEYS[9] projects of the shard                 KEYS[10] pending projects of the shard
  KEYS[11] indexed projects of the shard
  ARGV[1] id            ARGV[2] position        ARGV[3] record as JSON ARGV[4] status
  ARGV[5] mount point, or ''                    ARGV[6] lease owner, or ''   ARGV[7] lease, ms
  ARGV[8] due in, ms, or '' for never           ARGV[9] due member
  ARGV[10] event as JSON, or ''                 ARGV[11] log length   ARGV[12] project id
  ARGV[13] cursor after which the log must have no event of the attachment, or ''
  ARGV[14] prefix of the indexes by status      ARGV[15] prefix of the indexes by target
  ARGV[16] entries in the indexes by target as JSON: score by name

  Returns {1}; {-4, version, record} the pair has one; {-5, id} this attachment has the mount point;
  {-7} the log has an event of it after the cursor, or has dropped what followed the cursor.
]]
local record, projectIndex, serverIndex, shareIndex = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local mountPoints, due, log, channel, projects = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local pending, indexed = KEYS[10], KEYS[11]
local id, position, json, status, mountPoint = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local owner, leaseMs, dueInMs, member, event, length = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11]
local projectId, unlessLoggedAfter = ARGV[12], ARGV[13]
local statusPrefix, targetPrefix, targets = ARGV[14], ARGV[15], ARGV[16]

local present = redis.call('HMGET', record, 'version', 'record')
if present[1] then return {-4, present[1], present[2]} end
if mountPoint ~= '' then
  local neighbour = redis.call('HGET', mountPoints, mountPoint)
  if neighbour then return {-5, neighbour} end
end

if unlessLoggedAfter ~= '' then
  local later = redis.call('XRANGE', log, '(' .. unlessLoggedAfter, '+')
  if #later >= tonumber(length) then return {-7} end
  for _, entry in ipairs(later) do
    if string.find(entry[2][2], '"' .. id .. '"', 1, true) then return {-7} end
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', record, 'version', 1, 'record', json, 'status', status, 'position', position,
  'targets', targets, 'mount_point', mountPoint, 'owner', owner, 'until', owner == '' and 0 or now + leaseMs)
-- A project without records is complete in every index from its first record on.
if redis.call('ZCARD', projectIndex) == 0 then redis.call('SADD', indexed, projectId) end
redis.call('ZADD', projectIndex, 0, position)
redis.call('SADD', projects, projectId)
redis.call('ZADD', serverIndex, 0, position)
redis.call('ZADD', shareIndex, 0, position)
redis.call('ZADD', statusPrefix .. status, 0, position)
-- Without the share, which the key names: up to 64 bytes Redis keeps a short set in a fraction of the memory.
local targetMember = string.match(position, '^(.*):')
for name, score in pairs(cjson.decode(targets)) do redis.call('ZADD', targetPrefix .. name, score, targetMember) end
if mountPoint ~= '' then redis.call('HSET', mountPoints, mountPoint, id) end
if dueInMs ~= '' then redis.call('ZADD', due, now + dueInMs, member) end

if event ~= '' then
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local cursor = redis.call('XADD', log, 'MAXLEN', length, '*', 'event', event)
  redis.call('SPUBLISH', channel, cursor .. ' ' .. (last and last[1] or '0-0') .. ' ' .. event)
  redis.call('SADD', pending, projectId)
end
return {1}
