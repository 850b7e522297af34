--[[
  Takes a lock, or renews it for its owner; it expires by itself.

  KEYS[1] lock
  ARGV[1] owner   ARGV[2] time to live, ms

  Returns {1}; {-3} another owner holds it.
]]
local lock, owner, ms = KEYS[1], ARGV[1], ARGV[2]

local holder = redis.call('GET', lock)
if holder and holder ~= owner then return {-3} end

redis.call('SET', lock, owner, 'PX', ms)
return {1}
