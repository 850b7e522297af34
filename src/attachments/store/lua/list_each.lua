--[[
  The records of several indexes of one project, each oldest first, as far as the limit of records reaches. Writes
  nothing.

  KEYS[1] channel: never a key, see scripts.ts   KEYS[2...] index
  ARGV[1] prefix of a record's key: records are found through the index, so their keys are not known beforehand; they
          carry the same hash tag as KEYS, so they are in the same slot
  ARGV[2] limit of the first index   ARGV[3] limit of each other one   ARGV[4] limit of all
  ARGV[5] position after which to begin in the first index, or ''

  Returns {1, position after which to continue in the last index returned, or '' if that is complete,
  {version, record, version, record, ...}, ...}: one list per index, fewer when the limit of all ended them.
]]
local keyPrefix, limit, limitOfOthers, limitOfAll = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local after = ARGV[5]

local lists = {1, ''}
for i = 2, #KEYS do
  local count, list = math.min(limit, limitOfAll), {}
  local from = after == '' and '-' or '(' .. after
  local positions = count > 0 and redis.call('ZRANGE', KEYS[i], from, '+', 'BYLEX', 'LIMIT', 0, count) or {}
  for _, position in ipairs(positions) do
    local id = string.sub(position, string.find(position, '-', 1, true) + 1)
    local record = redis.call('HMGET', keyPrefix .. id, 'version', 'record')
    if record[1] then
      list[#list + 1] = record[1]
      list[#list + 1] = record[2]
    end
    after = position
  end
  lists[#lists + 1] = list
  limitOfAll = limitOfAll - #positions
  if limitOfAll == 0 and (#positions < limit or i < #KEYS) then
    lists[2] = #positions < limit and after or ''
    return lists
  end
  after, limit = '', limitOfOthers
end
return lists
