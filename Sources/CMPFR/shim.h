// GNU MPFR, which the tests hold our floating point against.
#pragma once
#include <mpfr.h>
