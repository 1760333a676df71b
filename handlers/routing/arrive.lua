-- A message arrives: it is counted, the session's flag is read and, if it is limited, a token is taken. One round trip.
--
-- KEYS: the flag, the minute's messages, the minute's addresses, the tokens.
-- ARGV: the address (or nothing), how long counts are kept (s), the most tokens at once.
-- Answers: mode, until, per_minute, reason, rule, source, version, whether it may pass (1 or 0), milliseconds to wait.
redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
if ARGV[1] ~= '' then
  redis.call('PFADD', KEYS[3], ARGV[1])
  redis.call('EXPIRE', KEYS[3], ARGV[2])
end
local flag = redis.call('HMGET', KEYS[1], 'mode', 'until', 'per_minute', 'reason', 'rule', 'source', 'version')
if not flag[1] then
  return {}
end
local allowed, wait = 1, 0
if flag[1] == 'block' then
  allowed = 0
elseif flag[1] == 'limit' then
  local clock = redis.call('TIME')
  local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
  local rate = tonumber(flag[3]) / 60000
  local most = tonumber(ARGV[3])
  local held = redis.call('HMGET', KEYS[4], 'tokens', 'at')
  local tokens = most
  if held[1] then
    tokens = math.min(most, tonumber(held[1]) + math.max(0, now - tonumber(held[2])) * rate)
  end
  if tokens >= 1 then
    tokens = tokens - 1
  else
    allowed = 0
    wait = math.ceil((1 - tokens) / rate)
  end
  -- %.17g: a number that is written shorter would come back as another.
  redis.call('HSET', KEYS[4], 'tokens', string.format('%.17g', tokens), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[4], math.ceil((most - tokens) / rate) + 1000)
end
return {flag[1], flag[2], flag[3], flag[4], flag[5], flag[6], flag[7], allowed, wait}
