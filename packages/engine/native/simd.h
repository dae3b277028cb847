// Sixteen floats at a time, in the vector extensions that GCC and clang share: one AVX-512 register, two of AVX2, four
// of NEON. The order of sums is the same whatever the registers are.
#pragma once

#include <cstdint>
#include <cstring>

// The compiler makes a version of such a function for each of these, and the loader picks the machine's.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define FLEET_EACH_MACHINE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FLEET_EACH_MACHINE __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#else
#define FLEET_EACH_MACHINE
#endif
#define FLEET_INLINE inline __attribute__((always_inline))

namespace fleet {

constexpr int LANES = 16;
typedef float Lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t IntLanes __attribute__((vector_size(4 * LANES)));

FLEET_INLINE Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

FLEET_INLINE void store(float* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }

FLEET_INLINE Lanes all(float value) { return Lanes{} + value; }

FLEET_INLINE Lanes asFloats(IntLanes bits) {
  Lanes lanes;
  std::memcpy(&lanes, &bits, sizeof lanes);
  return lanes;
}

// e^x within 2 units in the last place for |x| < 87; beyond, the value at that bound.
FLEET_INLINE Lanes exponential(Lanes x) {
  const Lanes low = all(-87.0f), high = all(87.0f);
  x = x < low ? low : x;
  x = x > high ? high : x;
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  const Lanes magic = all(12582912.0f);
  const Lanes rounded = x * 1.44269504f + magic;
  const Lanes n = rounded - magic;
  IntLanes power;
  std::memcpy(&power, &rounded, sizeof power);
  const Lanes r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Lanes p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const Lanes value = p * r * r + r + 1.0f;
  return value * asFloats((power + (127 - 0x4b400000)) << 23);
}

FLEET_INLINE Lanes sigmoid(Lanes x) { return 1.0f / (1.0f + exponential(-x)); }

}  // namespace fleet
