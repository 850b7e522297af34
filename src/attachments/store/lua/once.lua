--[[
  Returns a value that is written once; writes it at first use.

  KEYS[1] the value's key
  ARGV[1] the value if there is none yet, or '' to write none

  Returns {1, value} it is written now; {-4, value} it was there; {-1} there is none, and none was to be written.
]]
local key, new = KEYS[1], ARGV[1]

local present = redis.call('GET', key)
if present then return {-4, present} end
if new == '' then return {-1} end

redis.call('SET', key, new)
return {1, new}
