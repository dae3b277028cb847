// Passes over an image of N pixels of C channels each, row by row, with numbers that belong to channels.
#pragma once

#include <cstdint>
#include <vector>

#include "simd.h"

namespace fleet {

// Float sums run over this many pixels; the sums of these blocks are added up in double.
constexpr int64_t BLOCK = 64;

FLEET_INLINE int64_t padded(int64_t channels) { return (channels + LANES - 1) / LANES * LANES; }

// The lanes from `from`, of which only `count` exist; the rest are zero.
FLEET_INLINE Lanes loadSome(const float* from, int64_t count) {
  if (count >= LANES) return load(from);
  float lanes[LANES] = {};
  for (int64_t i = 0; i < count; i++) lanes[i] = from[i];
  return load(lanes);
}

FLEET_INLINE void storeSome(float* to, Lanes lanes, int64_t count) {
  if (count >= LANES) return store(to, lanes);
  float all[LANES];
  store(all, lanes);
  for (int64_t i = 0; i < count; i++) to[i] = all[i];
}

FLEET_INLINE void addWide(double* to, const float* from, int64_t channels) {
  for (int64_t c = 0; c < channels; c++) to[c] += from[c];
}

// Per-channel numbers of one image, padded so that whole lanes can be loaded.
class PerChannel {
 public:
  explicit PerChannel(int64_t channels) : values_(padded(channels), 0.0f) {}
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  float& operator[](int64_t c) { return values_[c]; }
  float operator[](int64_t c) const { return values_[c]; }

 private:
  std::vector<float> values_;
};

// Gives each channel the mean over its group of `values`, divided by `pixels` as well: the mean over the group's
// elements where `values` are sums over pixels.
inline void groupMeans(const double* values, int64_t channels, int64_t groups, int64_t pixels, double* means) {
  const int64_t width = channels / groups;
  for (int64_t g = 0; g < groups; g++) {
    double sum = 0;
    for (int64_t c = g * width; c < (g + 1) * width; c++) sum += values[c];
    for (int64_t c = g * width; c < (g + 1) * width; c++) means[c] = sum / (double(width) * double(pixels));
  }
}

}  // namespace fleet
