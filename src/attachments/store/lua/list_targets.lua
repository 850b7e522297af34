--[[
  The records that have targets, by target: those that hold it first. Writes nothing.

  KEYS[1] channel: never a key, see scripts.ts   KEYS[2] indexed projects of the shard   KEYS[3...] index of a target
  ARGV[1] prefix of a record's key: records are found through the index, so their keys are not known beforehand; they
          carry the same hash tag as KEYS, so they are in the same slot
  ARGV[2] limit of each target   ARGV[3] project id   ARGV[4...] share of each target

  Returns {1, {version, record, version, record, ...}, ...}, one list per target; {-8} the project's records are not all
  in the indexes.
]]
local keyPrefix, limit, projectId = ARGV[1], tonumber(ARGV[2]), ARGV[3]

if redis.call('SISMEMBER', KEYS[2], projectId) == 0 then return {-8} end

local lists = {1}
for i = 3, #KEYS do
  local list, rank, positions = {}, 0, nil
  repeat
    -- An entry without its record takes no place of another.
    positions = redis.call('ZRANGE', KEYS[i], rank, rank + limit - 1)
    rank = rank + #positions
    for _, position in ipairs(positions) do
      local id = string.sub(position, string.find(position, '-', 1, true) + 1) .. ':' .. ARGV[i + 1]
      local record = redis.call('HMGET', keyPrefix .. id, 'version', 'record')
      if record[1] and #list < 2 * limit then
        list[#list + 1] = record[1]
        list[#list + 1] = record[2]
      end
    end
  until #positions < limit or #list == 2 * limit
  lists[#lists + 1] = list
end
return lists
