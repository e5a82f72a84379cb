package valkeycache

// The scripts that the server runs as one step. Each has one key, so that none
// minds cluster mode.

// incrScript counts: ARGV are n and the ttl in milliseconds of a new counter. It
// answers text, because a number of Lua has 53 bits.
const incrScript = `local new = redis.call('EXISTS', KEYS[1]) == 0
redis.call('INCRBY', KEYS[1], ARGV[1])
if new then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return redis.call('GET', KEYS[1])`

// lockScript takes a lock: ARGV are the token, and in milliseconds the ttl and for
// how long the fence is remembered. Fences are microseconds since the epoch by the
// server's clock, or one more than the one before. 0 says that another holds it.
const lockScript = `local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local held = redis.call('HMGET', KEYS[1], 'token', 'until', 'fence')
if held[1] and tonumber(held[2]) > now then
  if held[1] == ARGV[1] then return tonumber(held[3]) end
  return 0
end
local fence = math.max((tonumber(held[3] or 0)) + 1, now)
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'until', string.format('%.0f', now + ARGV[2] * 1000), 'fence', string.format('%.0f', fence))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[2] + ARGV[3]))
return fence`

// extendScript moves the end of a lock, with the same ARGV; 0 says that the token
// does not hold it.
const extendScript = `local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local held = redis.call('HMGET', KEYS[1], 'token', 'until')
if held[1] ~= ARGV[1] or tonumber(held[2]) <= now then return 0 end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2] * 1000))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[2] + ARGV[3]))
return 1`

// unlockScript gives a lock up: ARGV are the token and for how long the fence is
// remembered; 0 says that the token does not hold it.
const unlockScript = `local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local held = redis.call('HMGET', KEYS[1], 'token', 'until')
if held[1] ~= ARGV[1] or tonumber(held[2]) <= now then return 0 end
if tonumber(ARGV[2]) == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('HDEL', KEYS[1], 'token', 'until')
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1`
