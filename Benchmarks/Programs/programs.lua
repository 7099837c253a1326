-- The programs of the Flat benchmarks for Lua 5.4 and LuaJIT: `lua5.4 programs.lua NAME N` prints the result and the CPU
-- nanoseconds that the program itself took, loading apart.

local programs = {}

-- Lua 5.4 has operators where LuaJIT, which reads Lua 5.1, has functions. A program that differs only there is text with two
-- holes, so that each engine compiles its own way of writing.
local compile = loadstring or load
local function written(text, masked, halved)
  return assert(compile(text:gsub("MASKED%((.-)%)", masked):gsub("HALVED%((.-)%)", halved)))()
end
local masked = jit and "bit.band(%1, 0xFFFFFF)" or "(%1) & 0xFFFFFF"
local halved = jit and "%1 / 2" or "%1 // 2"

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
programs.fib = fib

programs.loop = written([[
return function(n)
  local s, i = 0, 0
  while i < n do
    s = MASKED(s * 31 + i)
    i = i + 1
  end
  return s
end
]], masked, halved)

programs.collatz = written([[
return function(n)
  local best, i = 0, 1
  while i < n do
    local c, x = 0, i
    while x ~= 1 do
      if x % 2 == 0 then x = HALVED(x) else x = x * 3 + 1 end
      c = c + 1
    end
    if c > best then best = c end
    i = i + 1
  end
  return best
end
]], masked, halved)

function programs.sieve(n)
  local a, i = {}, 0
  while i < n do
    a[i] = true
    i = i + 1
  end
  i = 2
  while i * i < n do
    if a[i] then
      local j = i * i
      while j < n do
        a[j] = false
        j = j + i
      end
    end
    i = i + 1
  end
  local c = 0
  i = 2
  while i < n do
    if a[i] then c = c + 1 end
    i = i + 1
  end
  return c
end

function programs.matmul(n)
  local a, b, c, i = {}, {}, {}, 0
  while i < n do
    a[i], b[i], c[i] = {}, {}, {}
    local j = 0
    while j < n do
      a[i][j], b[i][j], c[i][j] = i + j, i - j, 0
      j = j + 1
    end
    i = i + 1
  end
  i = 0
  while i < n do
    local j = 0
    while j < n do
      local s, k = 0, 0
      while k < n do
        s = s + a[i][k] * b[k][j]
        k = k + 1
      end
      c[i][j] = s
      j = j + 1
    end
    i = i + 1
  end
  return c[1][2] + c[n - 1][n - 2]
end

local program, n = programs[arg[1]], tonumber(arg[2])
local start = os.clock()
local result = program(n)
print(string.format("%d %d", result, math.floor((os.clock() - start) * 1e9)))
