--[[
  Returns the id of this store; makes it at first use.

  KEYS[1] store id
  ARGV[1] the id if there is none yet

  Returns {1, id}.
]]
local key, new = KEYS[1], ARGV[1]

local present = redis.call('GET', key)
if present then return {1, present} end

redis.call('SET', key, new)
return {1, new}
