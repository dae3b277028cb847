// Philox4x32-10 (Salmon et al. 2011), many counters at a time. The same stream as TensorFlow's stateless operations
// and the TypeScript of the core package.
#pragma once

#include <cstdint>

#include "simd.h"

namespace fleet {

// Counters computed together; each gives four words.
constexpr int COUNTERS = 64;

struct PhiloxState {
  uint32_t c0[COUNTERS], c1[COUNTERS], c2[COUNTERS], c3[COUNTERS];
};

// Words 4j .. 4j+3 of `words` are the block of counter `low + j` (128 bits: the carry goes into `high`).
FLEET_INLINE void philoxWords(uint64_t key, uint64_t low, uint64_t high, uint32_t* words) {
  PhiloxState s;
  for (int j = 0; j < COUNTERS; j++) {
    const uint64_t at = low + j;
    const uint64_t above = high + (at < low ? 1 : 0);
    s.c0[j] = static_cast<uint32_t>(at);
    s.c1[j] = static_cast<uint32_t>(at >> 32);
    s.c2[j] = static_cast<uint32_t>(above);
    s.c3[j] = static_cast<uint32_t>(above >> 32);
  }
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; round++) {
    for (int j = 0; j < COUNTERS; j++) {
      const uint64_t p0 = uint64_t{0xd2511f53} * s.c0[j];
      const uint64_t p1 = uint64_t{0xcd9e8d57} * s.c2[j];
      const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ s.c1[j] ^ k0;
      const uint32_t n2 = static_cast<uint32_t>(p0 >> 32) ^ s.c3[j] ^ k1;
      s.c0[j] = n0;
      s.c1[j] = static_cast<uint32_t>(p1);
      s.c2[j] = n2;
      s.c3[j] = static_cast<uint32_t>(p0);
    }
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  for (int j = 0; j < COUNTERS; j++) {
    words[4 * j] = s.c0[j];
    words[4 * j + 1] = s.c1[j];
    words[4 * j + 2] = s.c2[j];
    words[4 * j + 3] = s.c3[j];
  }
}

}  // namespace fleet
