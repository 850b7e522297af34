--[[
  Puts records into the indexes by status and by target that were written before there were such indexes. Leaves out
  records that changed since they were read.

  KEYS[1] project index   KEYS[2] channel: never a key, see scripts.ts
  ARGV[1] prefix of a record's key   ARGV[2] prefix of the indexes by status   ARGV[3] prefix of the indexes by target
  ARGV[4...] id, version, entries in the indexes by target as JSON (score by name), id, version, entries, ...

  Returns {1, id, id, ...}: the records left out.
]]
local keyPrefix, statusPrefix, targetPrefix = ARGV[1], ARGV[2], ARGV[3]

local changed = {1}
for i = 4, #ARGV, 3 do
  local id, version, targets = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local record = keyPrefix .. id
  local present = redis.call('HMGET', record, 'version', 'position', 'status')
  if present[1] == version then
    local position = present[2]
    redis.call('HSET', record, 'targets', targets)
    redis.call('ZADD', statusPrefix .. present[3], 0, position)
    local targetMember = string.match(position, '^(.*):')
    for name, score in pairs(cjson.decode(targets)) do redis.call('ZADD', targetPrefix .. name, score, targetMember) end
  else
    changed[#changed + 1] = id
  end
end
return changed
