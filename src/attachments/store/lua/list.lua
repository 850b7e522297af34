--[[
  A page of an index, oldest first, with the end of the log before it was read. Writes nothing.

  KEYS[1] index         KEYS[2] project index   KEYS[3] log           KEYS[4] channel: never a key, see scripts.ts
  ARGV[1] prefix of a record's key: records are found through the index, so their keys are not known beforehand; they
          carry the same hash tag as KEYS, so they are in the same slot
  ARGV[2] position after which to begin, or ''  ARGV[3] page size     ARGV[4] scan limit
  ARGV[5] the only id to return, or ''          ARGV[6...] statuses to return; none for all

  Returns {1, cursor, total in the project, 1 if there are more, where the scan limit ended the page or '',
  position, version, record, position, version, record, ...}.
]]
local index, projectIndex, log = KEYS[1], KEYS[2], KEYS[3]
local keyPrefix, after, first, scanLimit, onlyId = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local isListed, isAnyStatus = {}, #ARGV < 6
for i = 6, #ARGV do isListed[ARGV[i]] = true end

local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
local page = {1, last and last[1] or '0-0', redis.call('ZCARD', projectIndex), 0, ''}
local from = after == '' and '-' or '(' .. after
local found, scanned = 0, 0
while scanned < scanLimit do
  local limit = math.min(first + 1, scanLimit - scanned)
  local positions = redis.call('ZRANGE', index, from, '+', 'BYLEX', 'LIMIT', 0, limit)
  for _, position in ipairs(positions) do
    local id = string.sub(position, string.find(position, '-', 1, true) + 1)
    local record = redis.call('HMGET', keyPrefix .. id, 'version', 'record', 'status')
    local isMatch = (onlyId == '' or onlyId == id) and (isAnyStatus or isListed[record[3]])
    if record[1] and isMatch then
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

if #redis.call('ZRANGE', index, from, '+', 'BYLEX', 'LIMIT', 0, 1) > 0 then
  page[4] = 1
  page[5] = string.sub(from, 2)
end
return page
