--[[
  Holds a record unless it is held: leases it to one worker, bumps its version (a fence: what an earlier holder still
  writes is stale), and makes it due when the lease ends, so that a worker that dies leaves work that comes due.

  KEYS[1] record        KEYS[2] due set
  ARGV[1] lease owner   ARGV[2] lease, ms   ARGV[3] due member

  Returns {1, version, record}; {-1} no such record; {-3} it is held.
]]
-- MAX_LEASE_MS of contract.ts: a lease that ends later was written before the clock was set back, and is over.
local MAX_LEASE_MS = 1800000
local record, due = KEYS[1], KEYS[2]
local owner, leaseMs, member = ARGV[1], ARGV[2], ARGV[3]

local present = redis.call('HMGET', record, 'record', 'until')
if not present[1] then return {-1} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local untilMs = tonumber(present[2])
if untilMs > now and untilMs <= now + MAX_LEASE_MS then return {-3} end

local version = redis.call('HINCRBY', record, 'version', 1)
redis.call('HSET', record, 'owner', owner, 'until', now + leaseMs)
redis.call('ZADD', due, now + leaseMs, member)
return {1, version, present[1]}
