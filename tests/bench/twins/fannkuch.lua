-- Small arrays permuted and flipped, item by item (indices from 0, as there).
local function fannkuch(n)
    local order, counts = {}, {}
    for i = 0, n - 1 do order[i] = i; counts[i] = 0 end
    local sign, most, checksum = 1, 0, 0
    while true do
        if order[0] ~= 0 then
            local pile, flips = {}, 0
            for i = 0, n - 1 do pile[i] = order[i] end
            while pile[0] ~= 0 do
                local i, j = 0, pile[0]
                while i < j do
                    local kept = pile[i]
                    pile[i] = pile[j]
                    pile[j] = kept
                    i = i + 1
                    j = j - 1
                end
                flips = flips + 1
            end
            if flips > most then most = flips end
            checksum = checksum + sign * flips
        end
        sign = -sign
        local k = 1
        while true do
            if k == n then return checksum, most end
            local first = order[0]
            for i = 0, k - 1 do order[i] = order[i + 1] end
            order[k] = first
            counts[k] = counts[k] + 1
            if counts[k] <= k then break end
            counts[k] = 0
            k = k + 1
        end
    end
end

local checksum, most = fannkuch(9)
print(checksum .. ' ' .. most)
