--[[
  The records of several indexes of one project, each oldest first. Writes nothing.

  KEYS[1] channel: never a key, see scripts.ts   KEYS[2...] index
  ARGV[1] prefix of a record's key: records are found through the index, so their keys are not known beforehand; they
          carry the same hash tag as KEYS, so they are in the same slot
  ARGV[2] limit of each index

  Returns {1, {version, record, version, record, ...}, ...}, one list per index.
]]
local keyPrefix, limit = ARGV[1], ARGV[2]

local lists = {1}
for i = 2, #KEYS do
  local list = {}
  for _, position in ipairs(redis.call('ZRANGE', KEYS[i], '-', '+', 'BYLEX', 'LIMIT', 0, limit)) do
    local id = string.sub(position, string.find(position, '-', 1, true) + 1)
    local record = redis.call('HMGET', keyPrefix .. id, 'version', 'record')
    if record[1] then
      list[#list + 1] = record[1]
      list[#list + 1] = record[2]
    end
  end
  lists[#lists + 1] = list
end
return lists
