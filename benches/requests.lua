-- wrk plays the requests of a file, one JSON body a line. Environment: BODIES, TOKEN.
local requests, next_one = {}, 0
function init()
  local headers = { ["Content-Type"] = "application/json" }
  local token = os.getenv("TOKEN")
  if token and token ~= "" then headers["Authorization"] = "Bearer " .. token end
  for body in io.lines(os.getenv("BODIES")) do requests[#requests + 1] = wrk.format("POST", "/graphql", headers, body) end
end
function request()
  next_one = next_one % #requests + 1
  return requests[next_one]
end
function done(summary, latency)
  io.write(string.format('\nJSON {"requests":%d,"us":%d,"bytes":%d,"errors":%d,"p50":%d,"p99":%d}\n', summary.requests, summary.duration,
    summary.bytes, summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
