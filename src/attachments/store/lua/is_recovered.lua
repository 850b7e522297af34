--[[
  Whether this very process of Redis was told that the project's records are complete. After a restart or a failover
  another one holds them, and may lack the latest: it has not been told. Writes nothing.

  KEYS[1] marker

  Returns {1}; {-1} not this one.
]]
local runId = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')

if redis.call('GET', KEYS[1]) ~= runId then return {-1} end

return {1}
