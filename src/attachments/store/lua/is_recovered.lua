--[[
  Whether the project's records were marked as complete in this process of Redis. After a restart or a failover another
  process holds them, which may lack the latest: it has no mark of its own. Writes nothing.

  KEYS[1] marker

  Returns {1}; {-1} not in this process.
]]
local runId = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')

if redis.call('GET', KEYS[1]) ~= runId then return {-1} end

return {1}
