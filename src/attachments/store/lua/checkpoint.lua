--[[
  Sets the cursor up to which a project's log is published; at the log's end the project is no longer pending.

  KEYS[1] checkpoint   KEYS[2] log   KEYS[3] pending projects of the shard
  ARGV[1] cursor       ARGV[2] project id

  Returns {1}.
]]
local checkpoint, log, pending = KEYS[1], KEYS[2], KEYS[3]
local cursor, projectId = ARGV[1], ARGV[2]

redis.call('SET', checkpoint, cursor)
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if not last or last[1] == cursor then redis.call('SREM', pending, projectId) end
return {1}
