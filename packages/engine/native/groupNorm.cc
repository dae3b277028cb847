// act(gain * (x + offset - mean) / sqrt(variance + epsilon) + bias), mean and biased variance over the pixels and
// channels of a group (Wu & He 2018), act = SiLU or none. An image is small enough for the cache, so that its passes
// read memory once.
#include <cmath>

#include "channels.h"
#include "kernel.h"
#include "parallel.h"

namespace fleet {
namespace {

FLEET_EACH_MACHINE void sumOverPixels(const float* x, int64_t N, int64_t C, double* sums) {
  std::vector<float> block(padded(C));
  for (int64_t start = 0; start < N; start += BLOCK) {
    const int64_t end = start + BLOCK < N ? start + BLOCK : N;
    std::fill(block.begin(), block.end(), 0.0f);
    for (int64_t n = start; n < end; n++) {
      for (int64_t c = 0; c < C; c += LANES) store(&block[c], load(&block[c]) + loadSome(x + n * C + c, C - c));
    }
    addWide(sums, block.data(), C);
  }
}

// Sums of (x + centre)^2.
FLEET_EACH_MACHINE void squaresOverPixels(const float* x, const float* centre, int64_t N, int64_t C, double* sums) {
  std::vector<float> block(padded(C));
  for (int64_t start = 0; start < N; start += BLOCK) {
    const int64_t end = start + BLOCK < N ? start + BLOCK : N;
    std::fill(block.begin(), block.end(), 0.0f);
    for (int64_t n = start; n < end; n++) {
      for (int64_t c = 0; c < C; c += LANES) {
        const Lanes d = loadSome(x + n * C + c, C - c) + load(centre + c);
        store(&block[c], load(&block[c]) + d * d);
      }
    }
    addWide(sums, block.data(), C);
  }
}

// z = act(x * a + b)
FLEET_EACH_MACHINE void apply(const float* x, const float* a, const float* b, int64_t N, int64_t C, bool silu, float* z) {
  for (int64_t n = 0; n < N; n++) {
    for (int64_t c = 0; c < C; c += LANES) {
      const Lanes y = loadSome(x + n * C + c, C - c) * load(a + c) + load(b + c);
      storeSome(z + n * C + c, silu ? y * sigmoid(y) : y, C - c);
    }
  }
}

class GroupNorm {
 public:
  explicit GroupNorm(Construction& attrs)
      : groups_(attrs.intAttr("groups")), epsilon_(attrs.floatAttr("epsilon")), silu_(attrs.boolAttr("silu")) {}

  void compute(Context& context) {
    const Tensor x = context.input(0), gain = context.input(1), bias = context.input(2), offset = context.input(3);
    if (!context.ok()) return;
    const int64_t B = dimOf(x, 0), N = dimOf(x, 1), C = dimOf(x, 2);
    const Tensor z = context.output(0, {B, N, C});
    const Tensor stats = context.output(1, {2, B, C});
    context.require(C % groups_ == 0, "the channels are not a multiple of the groups");
    if (!context.ok()) return;
    const int64_t gains = dimOf(gain, 0), biases = dimOf(bias, 0);
    parallelFor(B, [&](int64_t b) {
      float* centre = dataOf<float>(stats) + b * C;
      image(dataOf<float>(x) + b * N * C, dataOf<float>(gain) + b % gains * C, dataOf<float>(bias) + b % biases * C,
            dataOf<float>(offset) + b * C, N, C, dataOf<float>(z) + b * N * C, centre, centre + B * C);
    });
  }

 private:
  void image(const float* x, const float* gain, const float* bias, const float* offset, int64_t N, int64_t C, float* z,
             float* centre, float* rstd) const {
    std::vector<double> sums(C, 0.0), means(C);
    sumOverPixels(x, N, C, sums.data());
    for (int64_t c = 0; c < C; c++) sums[c] += double(offset[c]) * N;
    groupMeans(sums.data(), C, groups_, N, means.data());
    PerChannel shift(C), a(C), b(C);
    for (int64_t c = 0; c < C; c++) shift[c] = centre[c] = static_cast<float>(offset[c] - means[c]);
    std::fill(sums.begin(), sums.end(), 0.0);
    squaresOverPixels(x, shift.data(), N, C, sums.data());
    groupMeans(sums.data(), C, groups_, N, means.data());
    for (int64_t c = 0; c < C; c++) {
      rstd[c] = static_cast<float>(1.0 / std::sqrt(means[c] + epsilon_));
      a[c] = rstd[c] * gain[c];
      b[c] = centre[c] * a[c] + bias[c];
    }
    apply(x, a.data(), b.data(), N, C, silu_, z);
  }

  const int64_t groups_;
  const float epsilon_;
  const bool silu_;
};

void shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  sameShape(context, 0, 0, status);
  if (TF_GetCode(status) == TF_OK) perImageAndChannel(context, 1, 0, 2, status);
}

[[maybe_unused]] const bool registered = registerOperation<GroupNorm>({
    "FleetGroupNorm",
    {"x: float", "gain: float", "bias: float", "offset: float"},
    // stats: offset - mean, and 1 / sqrt(variance + epsilon), for each image and channel
    {"z: float", "stats: float"},
    {"groups: int", "epsilon: float", "silu: bool"},
    shapes,
});

}  // namespace
}  // namespace fleet
