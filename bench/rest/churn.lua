-- For wrk: every connection creates conferences and terminates those there are. PATH and KEY come from the environment.
local path, headers = os.getenv("CHURN_PATH"), { ["Authorization"] = os.getenv("CHURN_KEY"), ["Content-Type"] = "application/json" }
local made, counts = {}, { created = 0, terminated = 0, failed = 0 }

function request()
   local id = table.remove(made)
   if id then return wrk.format("POST", path .. "/" .. id, headers, '{"status":"terminated"}') end
   return wrk.format("POST", path, headers, '{"alias":"bench"}')
end

function response(status, _, body)
   local id = status == 200 and body:match('"conferenceId":"(%w+)"')
   if id then
      made[#made + 1] = id
      created = (created or 0) + 1
   elseif status == 204 then
      terminated = (terminated or 0) + 1
   else
      failed = (failed or 0) + 1
   end
end

local threads = {}

function setup(thread)
   threads[#threads + 1] = thread
end

function done(summary)
   for _, thread in ipairs(threads) do
      counts.created = counts.created + (thread:get("created") or 0)
      counts.terminated = counts.terminated + (thread:get("terminated") or 0)
      counts.failed = counts.failed + (thread:get("failed") or 0)
   end
   io.write(string.format('{"created":%d,"terminated":%d,"failed":%d,"seconds":%.6f}\n', counts.created,
      counts.terminated, counts.failed, summary.duration / 1e6))
end
