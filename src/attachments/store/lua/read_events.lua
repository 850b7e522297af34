--[[
  Events of a project's log after a cursor, oldest first. Looks for the cursor's entry in the same step: without it
  nobody can say what was dropped in between. Writes nothing.

  KEYS[1] log
  ARGV[1] cursor   ARGV[2] how many

  Returns {1, cursor, event, cursor, event, ...}; {-6} the log does not have the cursor.
]]
local log, after, limit = KEYS[1], ARGV[1], ARGV[2]

if after == '0-0' then
  -- The start of the log: good as long as the stream has dropped nothing, which its counters tell (Redis 7).
  if redis.call('EXISTS', log) == 0 then return {1} end
  local info, about = redis.call('XINFO', 'STREAM', log), {}
  for i = 1, #info, 2 do about[info[i]] = info[i + 1] end
  if about['entries-added'] ~= about['length'] then return {-6} end
elseif #redis.call('XRANGE', log, after, after, 'COUNT', 1) == 0 then
  return {-6}
end

local events = {1}
for _, entry in ipairs(redis.call('XRANGE', log, '(' .. after, '+', 'COUNT', limit)) do
  events[#events + 1] = entry[1]
  events[#events + 1] = entry[2][2]
end
return events
