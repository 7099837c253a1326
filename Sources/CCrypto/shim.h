// The low layer of OpenSSL's libcrypto: hash and cipher cores that need no allocation, initialisation or configuration
// file. It is linked statically, so that only these few objects come with it. Only the tests use the high layer (evp.h).
#pragma once
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>
#include <openssl/evp.h>
#include <openssl/ripemd.h>
#include <openssl/sha.h>
