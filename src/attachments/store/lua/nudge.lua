--[[
  Makes a record due, unless it is due sooner already.

  KEYS[1] record       KEYS[2] due set
  ARGV[1] due in, ms   ARGV[2] due member

  Returns {1}; {-1} no such record.
]]
local record, due = KEYS[1], KEYS[2]
local dueInMs, member = ARGV[1], ARGV[2]

if redis.call('EXISTS', record) == 0 then return {-1} end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', due, 'LT', now + dueInMs, member)
return {1}
