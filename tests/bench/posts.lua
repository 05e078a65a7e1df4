-- Posts to the path of the URL what stands on each line of a file: a query, a tab, a body. Each line once.
local posts, sent = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local query, body = line:match("^(%S+)\t(.+)$")
    posts[#posts + 1] = wrk.format("POST", wrk.path .. query, { ["content-type"] = "text/xml" }, body)
  end
end

function request()
  sent = sent + 1
  -- Nobody has this: the run is over, and says so.
  return posts[sent] or wrk.format("GET", "/no-post-is-left")
end
