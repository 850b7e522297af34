--[[
  Ends a lease early without changing the record, and schedules the record.

  KEYS[1] record        KEYS[2] due set
  ARGV[1] lease owner   ARGV[2] due in, ms, or '' for never   ARGV[3] due member

  Returns {1}; {-1} no such record; {-2} the owner does not (or no longer) hold the lease.
]]
-- MAX_LEASE_MS of contract.ts: a lease that ends later was written before the clock was set back, and is over.
local MAX_LEASE_MS = 1800000
local record, due = KEYS[1], KEYS[2]
local owner, dueInMs, member = ARGV[1], ARGV[2], ARGV[3]

local present = redis.call('HMGET', record, 'owner', 'until')
if not present[1] then return {-1} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = tonumber(present[2])
if present[1] ~= owner or untilMs <= now or untilMs > now + MAX_LEASE_MS then return {-2} end

redis.call('HSET', record, 'owner', '', 'until', 0)
if dueInMs == '' then redis.call('ZREM', due, member) else redis.call('ZADD', due, now + dueInMs, member) end
return {1}
