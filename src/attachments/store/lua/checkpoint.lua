--[[
  Remembers up to where a project's log was told elsewhere; at its end the project has no more news.

  KEYS[1] bookmark   KEYS[2] log   KEYS[3] projects of the shard with news
  ARGV[1] cursor     ARGV[2] project id

  Returns {1}.
]]
local bookmark, log, news = KEYS[1], KEYS[2], KEYS[3]
local cursor, projectId = ARGV[1], ARGV[2]

redis.call('SET', bookmark, cursor)
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if not last or last[1] == cursor then redis.call('SREM', news, projectId) end
return {1}
