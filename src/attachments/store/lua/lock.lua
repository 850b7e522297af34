--[[
  Takes a lock, or renews it for its owner; it expires by itself.

  KEYS[1] lock
  ARGV[1] owner   ARGV[2] time to live, ms   ARGV[3] longest time to live of any owner, ms

  Returns {1}; {-3} another owner holds it.
]]
local lock, owner, ms, longest = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local holder = redis.call('GET', lock)
-- One that ends later was taken before the clock was set back, and is over.
if holder and holder ~= owner and redis.call('PTTL', lock) <= longest then return {-3} end

redis.call('SET', lock, owner, 'PX', ms)
return {1}
