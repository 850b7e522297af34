--[[
  Gives an attachment another mount point if its version is the expected one, no other owner holds it, and the mount point
  is free on its server. The lease goes on.

  KEYS[1] record   KEYS[2] mount points   KEYS[3] channel: never a key, see scripts.ts
  ARGV[1] expected version   ARGV[2] lease owner   ARGV[3] id   ARGV[4] mount point   ARGV[5] record as JSON

  Returns {1, new version}; {-1} no such record; {-2} the version moved on, or another holds it; {-5, id} this attachment
  has the mount point.
]]
-- MAX_LEASE_MS of contract.ts: a lease that ends later was written before the clock was set back, and is over.
local MAX_LEASE_MS = 1800000
local record, mountPoints = KEYS[1], KEYS[2]
local expected, owner, id, mountPoint, json = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local present = redis.call('HMGET', record, 'version', 'owner', 'until', 'mount_point')
if not present[1] then return {-1} end
if present[1] ~= expected then return {-2} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = tonumber(present[3])
if untilMs > now and untilMs <= now + MAX_LEASE_MS and present[2] ~= owner then return {-2} end
local neighbour = redis.call('HGET', mountPoints, mountPoint)
if neighbour and neighbour ~= id then return {-5, neighbour} end

if present[4] ~= '' then redis.call('HDEL', mountPoints, present[4]) end
redis.call('HSET', mountPoints, mountPoint, id)
local version = redis.call('HINCRBY', record, 'version', 1)
redis.call('HSET', record, 'record', json, 'mount_point', mountPoint)
return {1, version}
