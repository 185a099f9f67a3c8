-- Methods, some of them inherited or overridden.
local Toggle = {}
Toggle.__index = Toggle

function Toggle.new(state) return setmetatable({state = state}, Toggle) end
function Toggle:value() return self.state end
function Toggle:activate()
    self.state = not self.state
    return self
end

local NthToggle = setmetatable({}, {__index = Toggle})
NthToggle.__index = NthToggle

function NthToggle.new(state, limit)
    local self = setmetatable(Toggle.new(state), NthToggle)
    self.limit = limit
    self.count = 0
    return self
end

function NthToggle:activate()
    self.count = self.count + 1
    if self.count >= self.limit then
        self.state = not self.state
        self.count = 0
    end
    return self
end

local toggle, nth, on = Toggle.new(true), NthToggle.new(true, 3), 0
for _ = 1, 2000000 do
    if toggle:activate():value() then on = on + 1 end
    if nth:activate():value() then on = on + 1 end
end
print(on)
