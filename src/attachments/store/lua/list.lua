--[[
  A page of one index, or of several without a common record, oldest first, with the end of the log before it was read.
  Writes nothing.

  KEYS[1] project index   KEYS[2] log   KEYS[3] indexed projects of the shard
  KEYS[4] channel: never a key, see scripts.ts
  KEYS[5...] indexes
  ARGV[1] prefix of a record's key: records are found through the index, so their keys are not known beforehand; they
          carry the same hash tag as KEYS, so they are in the same slot
  ARGV[2] position after which to begin, or ''   ARGV[3] page size   ARGV[4] scan limit
  ARGV[5] project id if the indexes must be complete, or ''          ARGV[6...] statuses to return; none for all

  Returns {1, cursor, total in the project, 1 if there are more, where the scan limit ended the page or '',
  position, version, record, position, version, record, ...}; {-8} the project's records are not all in the indexes.
]]
local projectIndex, log, indexed = KEYS[1], KEYS[2], KEYS[3]
local keyPrefix, after, first, scanLimit, projectId = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local isListed, isAnyStatus = {}, #ARGV < 6
for i = 6, #ARGV do isListed[ARGV[i]] = true end

if projectId ~= '' and redis.call('SISMEMBER', indexed, projectId) == 0 then return {-8} end

-- Byte by byte, as the indexes are sorted: Lua's own comparison follows the locale of the server.
local function isBefore(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

local function read(from, limit)
  if #KEYS == 5 then return redis.call('ZRANGE', KEYS[5], from, '+', 'BYLEX', 'LIMIT', 0, limit) end
  local merged = {}
  for i = 5, #KEYS do
    for _, position in ipairs(redis.call('ZRANGE', KEYS[i], from, '+', 'BYLEX', 'LIMIT', 0, limit)) do
      merged[#merged + 1] = position
    end
  end
  table.sort(merged, isBefore)
  for i = #merged, limit + 1, -1 do merged[i] = nil end
  return merged
end

local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local page = {1, last and last[1] or '0-0', redis.call('ZCARD', projectIndex), 0, ''}
local from = after == '' and '-' or '(' .. after
local found, scanned = 0, 0
while scanned < scanLimit do
  local limit = math.min(first + 1, scanLimit - scanned)
  local positions = read(from, limit)
  for _, position in ipairs(positions) do
    local id = string.sub(position, string.find(position, '-', 1, true) + 1)
    local record = redis.call('HMGET', keyPrefix .. id, 'version', 'record', 'status')
    if record[1] and (isAnyStatus or isListed[record[3]]) then
      if found == first then
        page[4] = 1
        return page
      end
      found = found + 1
      page[#page + 1] = position
      page[#page + 1] = record[1]
      page[#page + 1] = record[2]
    end
    from = '(' .. position
  end
  scanned = scanned + #positions
  if #positions < limit then return page end
end

if #read(from, 1) > 0 then
  page[4] = 1
  page[5] = string.sub(from, 2)
end
return page
