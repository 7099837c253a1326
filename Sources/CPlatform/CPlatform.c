// Here only so that the headers are compiled by themselves; their definitions are inline, but for those of faults.h.
#include "CPlatform.h"
