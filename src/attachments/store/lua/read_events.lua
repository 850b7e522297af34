--[[
  Events of a project's log after a cursor, oldest first. Checks in the same step that the cursor's entry exists:
  without it, entries between the cursor and the oldest one may have been dropped. Writes nothing.

  KEYS[1] log
  ARGV[1] cursor   ARGV[2] limit

  Returns {1, cursor, event, cursor, event, ...}, with '' for an entry that is no event;
  {-6} the log does not have the cursor.
]]
local log, after, limit = KEYS[1], ARGV[1], ARGV[2]

if after == '0-0' then
  -- The start of the log is valid while the stream has dropped nothing, which its counters show (Redis 7).
  if redis.call('EXISTS', log) == 0 then return {1} end
  local info, counters = redis.call('XINFO', 'STREAM', log), {}
  for i = 1, #info, 2 do counters[info[i]] = info[i + 1] end
  if counters['entries-added'] ~= counters['length'] then return {-6} end
elseif #redis.call('XRANGE', log, after, after, 'COUNT', 1) == 0 then
  return {-6}
end

local events = {1}
for _, entry in ipairs(redis.call('XRANGE', log, '(' .. after, '+', 'COUNT', limit)) do
  events[#events + 1] = entry[1]
  events[#events + 1] = entry[2][1] == 'event' and entry[2][2] or ''
end
return events
