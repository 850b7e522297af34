--[[
  Ends a lock on behalf of its owner.

  KEYS[1] lock
  ARGV[1] owner

  Returns {1}; {-3} the owner does not hold it.
]]
local lock, owner = KEYS[1], ARGV[1]

if redis.call('GET', lock) ~= owner then return {-3} end

redis.call('DEL', lock)
return {1}
