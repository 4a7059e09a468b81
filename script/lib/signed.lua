-- wrk script: sends the signed requests of the file $SIGNED, each once, and writes what came of it as JSON into $RESULT.
-- A line each: unix time, hex signature, event id, body (`nexus-crm simulate --sign-to` makes them).
-- With several threads (-t, given as $THREADS too) each takes its own share. When the file is used up, the thread stops; what is sent in
-- that last moment is a harmless GET that counts for nothing.
local threads, made = {}, 0

function setup(thread)
  made = made + 1
  thread:set("share", made - 1)
  threads[made] = thread
end

function init(_)
  local of, n = tonumber(os.getenv("THREADS") or "1"), 0
  lines, next_line, ok, bad, other, spare, first_bad = {}, 0, 0, 0, 0, 0, ""
  local path = os.getenv("TARGET_PATH") or "/agent-usage/events"
  for line in io.lines(os.getenv("SIGNED")) do
    if n % of == share then
      local time, signature, id, body = line:match("^(%S+)\t(%S+)\t(%S+)\t(.*)$")
      lines[#lines + 1] = wrk.format("POST", path, {
        ["content-type"] = "application/json",
        ["x-genesis-signature"] = "sha256=" .. signature,
        ["x-genesis-timestamp"] = time,
        ["idempotency-key"] = id,
      }, body)
    end
    n = n + 1
  end
  filler = wrk.format("GET", "/health/live")
end

function request()
  next_line = next_line + 1
  local line = lines[next_line]
  if line then
    lines[next_line] = false
    return line
  end
  spare = spare + 1
  wrk.thread:stop()
  return filler
end

function response(status, _, body)
  if status == 200 then
    ok = ok + 1
  else
    bad = bad + 1
    if first_bad == "" then first_bad = status .. " " .. body:sub(1, 120) end
  end
end

function done(summary, latency, _)
  local o, b, s, f = 0, 0, 0, ""
  for _, t in ipairs(threads) do
    o, b, s = o + t:get("ok"), b + t:get("bad"), s + t:get("spare")
    if f == "" then f = t:get("first_bad") end
  end
  local e = summary.errors
  local out = io.open(os.getenv("RESULT"), "w")
  out:write(string.format(
    '{"ok":%d,"bad":%d,"used_up":%s,"seconds":%.3f,"socket_errors":%d,"p50_ms":%.3f,"p95_ms":%.3f,"p99_ms":%.3f,"first_bad":"%s"}\n',
    o, b, tostring(s > 0), summary.duration / 1e6, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, (f:gsub('[%c"\\]', " "))))
  out:close()
end
