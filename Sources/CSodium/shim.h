// libsodium. It is linked as the whole program is, never by its archive's name: the tests link libargon2 too, and the
// archive has functions of the same names.
#pragma once
#include <sodium.h>
