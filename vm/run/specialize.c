#include "vm/run/specialize.h"
const Word *specialize_loop(Thread *t, Frame *frame, const Word *ip){return ip;}
void specialize_call(Thread *t, Code *code){}
void specialize_global(Thread *t, Frame *frame, const Word *at){}
void specialize_attribute(Thread *t, Frame *frame, const Word *at, Value object){}
void specialize_method(Thread *t, Frame *frame, const Word *at, Value object){}
void specialize_store(Thread *t, Frame *frame, const Word *at, Value object){}
