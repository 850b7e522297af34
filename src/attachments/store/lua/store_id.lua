--[[
  Gives the word by which this store's gateways are told from those of other stores, and makes it the first time.

  KEYS[1] deployment
  ARGV[1] the word if there is none yet

  Returns {1, word}.
]]
local deployment, word = KEYS[1], ARGV[1]

local known = redis.call('GET', deployment)
if known then return {1, known} end

redis.call('SET', deployment, word)
return {1, word}
