-- Small objects made and dropped.
local function grow(depth)
    if depth == 0 then return {left = nil, right = nil} end
    return {left = grow(depth - 1), right = grow(depth - 1)}
end

local function count(tree)
    if tree.left == nil then return 1 end
    return 1 + count(tree.left) + count(tree.right)
end

local total = 0
for _ = 1, 60 do total = total + count(grow(13)) end
print(total)
