// The reference implementation of Argon2, which the tests compare with, linked statically.
#pragma once
#include <argon2.h>
