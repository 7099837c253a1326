// libsecp256k1 with its modules for recovery and Schnorr signatures, linked statically.
#pragma once
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_recovery.h>
#include <secp256k1_schnorrsig.h>
