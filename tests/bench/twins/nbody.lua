-- Four bodies in a plane, as tables with float fields.
local function body(x, y, vx, vy, mass)
    return {x = x, y = y, vx = vx, vy = vy, mass = mass}
end

local function advance(bodies, dt)
    for i = 1, #bodies do
        local a = bodies[i]
        for j = i + 1, #bodies do
            local b = bodies[j]
            local dx = a.x - b.x
            local dy = a.y - b.y
            local square = dx * dx + dy * dy
            local pull = dt / (square * square ^ 0.5)
            a.vx = a.vx - dx * b.mass * pull
            a.vy = a.vy - dy * b.mass * pull
            b.vx = b.vx + dx * a.mass * pull
            b.vy = b.vy + dy * a.mass * pull
        end
    end
    for i = 1, #bodies do
        local one = bodies[i]
        one.x = one.x + dt * one.vx
        one.y = one.y + dt * one.vy
    end
end

local bodies = {body(0.0, 0.0, 0.0, 0.0, 40.0), body(5.0, 0.0, 0.0, 2.8, 0.1), body(0.0, 9.0, -2.1, 0.0, 0.2), body(-14.0, 1.0, 0.1, -1.7, 0.05)}
for _ = 1, 150000 do advance(bodies, 0.001) end
local sum = 0
for i = 1, #bodies do sum = sum + bodies[i].x + bodies[i].y end
print(string.format('%.9f', sum))
