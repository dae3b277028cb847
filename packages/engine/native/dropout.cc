// x * (u >= rate ? scale : 0), u the uniform numbers that StatelessRandomUniformV2 draws at the same key and counter:
// one pass, and the numbers are never stored. The gradient is the same operation on the gradient.
#include "kernel.h"
#include "parallel.h"
#include "philox.h"

namespace fleet {
namespace {

constexpr int64_t WORDS = 4 * COUNTERS;
// Elements a thread takes at a time.
constexpr int64_t SHARE = 64 * WORDS;

struct Address {
  uint64_t key;
  uint64_t low;
  uint64_t high;
};

FLEET_EACH_MACHINE void drop(const float* x, const Address& address, int64_t start, int64_t end, float rate, float scale,
                             float* y) {
  uint32_t words[WORDS];
  for (int64_t at = start; at < end; at += WORDS) {
    const uint64_t low = address.low + at / 4;
    philoxWords(address.key, low, address.high + (low < address.low ? 1 : 0), words);
    const int64_t count = end - at < WORDS ? end - at : WORDS;
    for (int64_t i = 0; i < count; i++) {
      const float u = static_cast<float>(static_cast<int32_t>(words[i] & 0x7fffff)) * (1.0f / 8388608.0f);
      // A product, so that what is not a number stays one where it is dropped.
      y[at + i] = x[at + i] * (u >= rate ? scale : 0.0f);
    }
  }
}

class Dropout {
 public:
  explicit Dropout(Construction& attrs) : rate_(attrs.floatAttr("rate")), scale_(attrs.floatAttr("scale")) {}

  void compute(Context& context) {
    const Tensor x = context.input(0), key = context.input(1), counter = context.input(2);
    const Tensor y = context.outputLike(0, 0, x);
    if (!context.ok()) return;
    const int64_t size = TF_TensorElementCount(x.get());
    const Address address{dataOf<uint64_t>(key)[0], dataOf<uint64_t>(counter)[0], dataOf<uint64_t>(counter)[1]};
    const float *from = dataOf<float>(x);
    float *to = dataOf<float>(y);
    parallelFor((size + SHARE - 1) / SHARE, [&](int64_t i) {
      const int64_t start = i * SHARE;
      drop(from, address, start, start + SHARE < size ? start + SHARE : size, rate_, scale_, to);
    });
  }

 private:
  const float rate_;
  const float scale_;
};

void shapes(TF_ShapeInferenceContext* context, TF_Status* status) { sameShape(context, 0, 0, status); }

[[maybe_unused]] const bool registered = registerOperation<Dropout>({
    "FleetDropout",
    {"x: float", "key: uint64", "counter: uint64"},
    {"y: float"},
    {"rate: float", "scale: float"},
    shapes,
});

}  // namespace
}  // namespace fleet
