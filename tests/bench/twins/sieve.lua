-- A long array of booleans.
local function sieve(limit)
    local prime = {}
    for i = 1, limit do prime[i] = true end
    local count = 0
    for i = 2, limit do
        if prime[i] then
            count = count + 1
            for multiple = i * i, limit, i do prime[multiple] = false end
        end
    end
    return count
end

print(sieve(5000000))
