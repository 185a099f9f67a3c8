# The end of a program that has threads: who is waited for, who is stopped, and what still runs then.
say() { echo "-- $1"; shift; "$TOY" -c "$1" 2>&1; echo "status $?"; }

say 'others are waited for before the functions of atexit' 'import atexit, threading, time
atexit.register(print, "atexit")
def later():
    time.sleep(0.05); print("later"); threading.Thread(target=lambda: (time.sleep(0.05), print("latest"))).start()
threading.Thread(target=later).start()
print("main ends")'
say 'a thread joins the main one' 'import threading, time
main = threading.current_thread()
def body():
    main.join(0.01); print(main.is_alive()); main.join(); print(main.is_alive(), main)
threading.Thread(target=body).start()
time.sleep(0.1)
print("main ends")' | sed 's/ [0-9]*)>/ N)>/'
say 'sys.exit waits too' 'import sys, threading, time
threading.Thread(target=lambda: (time.sleep(0.05), print("the last"))).start()
sys.exit(3)'
say 'sys.exit in a thread ends that one' 'import sys, threading
def body():
    sys.exit(4)
t = threading.Thread(target=body); t.start(); t.join(); print("goes on")'
say 'an exception is printed first' 'import threading, time
threading.Thread(target=lambda: (time.sleep(0.05), print("the last", flush=True))).start()
raise ValueError("of main")'
say 'a finaliser finds the locals of its thread' 'import threading
class Asks:
    def __del__(self): print(mine.value)
mine = threading.local()
mine.value = "still here"
asks = Asks()'
say 'beside a daemon, modules are emptied all the same' 'import os, threading, time
class Told:
    def __del__(self): print("gone", time is not None)
told = Told()
file = os.fdopen(os.dup(1), "w"); file.write("in the buffer\n")
threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
print("main ends", flush=True)'
say 'a daemon does not come to its end' 'import threading, time
def body():
    try: started.set(); time.sleep(100)
    finally: print("never")
started = threading.Event()
threading.Thread(target=body, daemon=True).start(); started.wait(); print("main ends")'
say 'no thread starts any more' 'import threading
class Starts:
    def __del__(self, Thread=threading.Thread):
        try: Thread(target=print).start()
        except RuntimeError as error: print(type(error).__name__, error)
starts = Starts()'
say 'calls before the threads are waited for' 'import threading, time
threading._register_atexit(print, "first registered"); threading._register_atexit(lambda: 1 / 0)
threading.Thread(target=lambda: (time.sleep(0.05), print("thread", flush=True))).start()' | grep -v lambda:
say 'a signal that nobody is left for' 'import _thread
class Interrupts:
    def __del__(self, interrupt=_thread.interrupt_main): interrupt()
interrupts = Interrupts()'
say 'Ctrl-C while threads are waited for' 'import os, signal, threading, time
def body():
    time.sleep(0.1); os.kill(os.getpid(), signal.SIGINT); time.sleep(100)
threading.Thread(target=body).start()
print("main ends", flush=True)'
say 'os._exit, anywhere' 'import os, threading, time
threading.Thread(target=lambda: (print("from a thread", flush=True), os._exit(5))).start()
time.sleep(100)'
say 'an uncaught Ctrl-C' 'import signal
signal.raise_signal(signal.SIGINT)'
say 'stderr is gone when a thread fails' 'import sys, threading
go = threading.Event()
def body():
    go.wait(); 1 / 0
t = threading.Thread(target=body); t.start(); sys.stderr = None; go.set(); t.join()'
