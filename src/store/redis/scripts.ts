/** What must happen at once in Redis. Time is Redis's own, so nodes need not agree on theirs. */

/** KEYS: group. ARGV: member, ttl in milliseconds, limit. Answers 1 where the member is in. */
export const joinScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + ttl, ARGV[1])
if redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1`;

/**
 * KEYS: counter. ARGV: how much, window in milliseconds. Answers the sum and the milliseconds left; 0 of both for a
 * counter that is not there and is only read.
 */
export const countScript = `
if ARGV[1] == '0' and redis.call('EXISTS', KEYS[1]) == 0 then return {0, 0} end
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[2])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {sum, left}`;
