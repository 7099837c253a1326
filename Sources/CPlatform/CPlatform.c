// The package manager wants one source file for a C target; every definition is in the header.
#include "CPlatform.h"
