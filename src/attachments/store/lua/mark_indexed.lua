--[[
  Marks a project's records as complete in the indexes by status and by target.

  KEYS[1] indexed projects of the shard
  ARGV[1] project id

  Returns {1}.
]]
redis.call('SADD', KEYS[1], ARGV[1])
return {1}
