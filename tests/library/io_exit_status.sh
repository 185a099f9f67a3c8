# What is left to be written at the end: to a full device, to a closed descriptor; the exit status says it.
try() {
    echo "-- $1 $2"
    eval "\$TOY -c \"\$1\" $2"
    echo "status $?"
}
for redirect in '>/dev/full 2>&1' '2>&1 >&-' '2>/dev/full >/dev/full' '>/dev/null 2>/dev/full' '2>&-'; do
    for code in 'print(1)' 'print(1, flush=True)' 'print("x" * 100000)' 'import sys; print(1); sys.exit(3)' 'print(1); raise ValueError' 'import os; print(1); os._exit(5)' \
                'import sys; sys.stderr.write("1")' 'import sys; sys.stdout.write("1"); sys.stdout.close()'; do
        case $redirect,$code in '2>&-,'*100000*) ;; *) try "$code" "$redirect" | cut -c1-200;; esac
    done
done
try 'f = open("/dev/full", "w"); f.write("x")' '2>&1'
try 'import sys; f = sys.stdout = open("/dev/full", "w"); print(1)' '2>&1'
try 'import os, io
class Raw(io.RawIOBase):
    def writable(self): return True
    def write(self, data, write=os.write): return write(1, data)
f = io.BufferedWriter(Raw()); f.write(b"kept to the end\n")' '2>&1'
