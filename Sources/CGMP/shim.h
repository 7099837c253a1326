// GMP's low-level `mpn` layer, as found by the system's package manager.
#pragma once
#include <gmp.h>
