--[[
  Takes a lock, or takes it again for its owner; it ends by itself.

  KEYS[1] lock
  ARGV[1] owner   ARGV[2] for how long, ms

  Returns {1}; {-3} somebody else holds it.
]]
local lock, owner, ms = KEYS[1], ARGV[1], ARGV[2]

local holder = redis.call('GET', lock)
if holder and holder ~= owner then return {-3} end

redis.call('SET', lock, owner, 'PX', ms)
return {1}
