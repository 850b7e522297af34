--[[
  Ends a lock if its owner asks.

  KEYS[1] lock
  ARGV[1] owner

  Returns {1}; {-3} somebody else holds it, or nobody.
]]
local lock, owner = KEYS[1], ARGV[1]

if redis.call('GET', lock) ~= owner then return {-3} end

redis.call('DEL', lock)
return {1}
