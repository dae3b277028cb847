// What an optimizer's step and an average do to all parameters, each in one pass over memory. The roundings are those
// of the operations one by one, in the same order, so that the bits are theirs.
#include <cmath>

#include "kernel.h"
#include "parallel.h"
#include "simd.h"

// A fused multiply-add would round once where those operations round twice.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off")
#else
#pragma STDC FP_CONTRACT OFF
#endif

namespace fleet {
namespace {

// Elements a thread takes at a time.
constexpr int64_t SHARE = 1 << 16;

template <typename Body>
void inShares(int64_t size, const Body& body) {
  parallelFor((size + SHARE - 1) / SHARE, [&](int64_t i) {
    const int64_t start = i * SHARE;
    body(start, start + SHARE < size ? start + SHARE : size);
  });
}

struct AdamScalars {
  float count, clip, rateM, rateV, stepSize, epsilon, decay;
};

struct AdamArrays {
  const float *params, *m, *v, *root;
  float *newParams, *newM, *newV;
};

FLEET_EACH_MACHINE void adam(const AdamArrays& arrays, const AdamScalars& scalars, int64_t start, int64_t end) {
  const AdamArrays a = arrays;
  const AdamScalars s = scalars;
#pragma GCC ivdep
  for (int64_t i = start; i < end; i++) {
    const float gradient = a.root[i] / s.count * s.clip;
    const float m = a.m[i] + (gradient - a.m[i]) * s.rateM;
    const float v = a.v[i] + (gradient * gradient - a.v[i]) * s.rateV;
    const float step = m / (std::sqrt(v) + s.epsilon) * s.stepSize;
    const float decayed = s.decay == 0 ? a.params[i] : a.params[i] - a.params[i] * s.decay;
    a.newM[i] = m;
    a.newV[i] = v;
    a.newParams[i] = decayed - step;
  }
}

class Adam {
 public:
  explicit Adam(Construction& attrs)
      : count_(attrs.floatAttr("count")), rateM_(attrs.floatAttr("rate_m")), rateV_(attrs.floatAttr("rate_v")) {}

  void compute(Context& context) {
    const Tensor params = context.input(0), m = context.input(1), v = context.input(2), root = context.input(3);
    const Tensor clip = context.input(4), stepSize = context.input(5), epsilon = context.input(6);
    const Tensor decay = context.input(7);
    if (!context.ok()) return;
    const int64_t size = TF_TensorElementCount(params.get());
    for (const Tensor* other : {&m, &v, &root})
      context.require(TF_TensorElementCount(other->get()) == size, "FleetAdam takes arrays of one size");
    const Tensor newParams = context.outputLike(0, 0, params);
    const Tensor newM = context.outputLike(1, 1, m), newV = context.outputLike(2, 2, v);
    if (!context.ok()) return;
    const AdamArrays arrays{dataOf<float>(params),    dataOf<float>(m),    dataOf<float>(v),   dataOf<float>(root),
                            dataOf<float>(newParams), dataOf<float>(newM), dataOf<float>(newV)};
    const AdamScalars scalars{count_,
                              *dataOf<float>(clip),
                              rateM_,
                              rateV_,
                              *dataOf<float>(stepSize),
                              *dataOf<float>(epsilon),
                              *dataOf<float>(decay)};
    inShares(size, [&](int64_t start, int64_t end) { adam(arrays, scalars, start, end); });
  }

 private:
  const float count_;
  const float rateM_;
  const float rateV_;
};

void adamShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  for (int i = 0; i < 3; i++) sameShape(context, i, i, status);
}

FLEET_EACH_MACHINE void moveTowards(const float* old, const float* target, float weight, int64_t start, int64_t end,
                                    float* moved) {
#pragma GCC ivdep
  for (int64_t i = start; i < end; i++) moved[i] = old[i] + (target[i] - old[i]) * weight;
}

class Towards {
 public:
  explicit Towards(Construction&) {}

  void compute(Context& context) {
    const Tensor old = context.input(0), target = context.input(1), weight = context.input(2);
    if (!context.ok()) return;
    const int64_t size = TF_TensorElementCount(old.get());
    context.require(TF_TensorElementCount(target.get()) == size, "FleetTowards takes arrays of one size");
    const Tensor moved = context.outputLike(0, 0, old);
    if (!context.ok()) return;
    const float *from = dataOf<float>(old), *to = dataOf<float>(target);
    const float share = *dataOf<float>(weight);
    float* result = dataOf<float>(moved);
    inShares(size, [&](int64_t start, int64_t end) { moveTowards(from, to, share, start, end, result); });
  }
};

void towardsShapes(TF_ShapeInferenceContext* context, TF_Status* status) { sameShape(context, 0, 0, status); }

[[maybe_unused]] const bool adamRegistered = registerOperation<Adam>({
    "FleetAdam",
    {"params: float", "m: float", "v: float", "root: float", "clip: float", "step_size: float", "epsilon: float",
     "decay: float"},
    {"new_params: float", "new_m: float", "new_v: float"},
    {"count: float", "rate_m: float", "rate_v: float"},
    adamShapes,
});

[[maybe_unused]] const bool towardsRegistered = registerOperation<Towards>({
    "FleetTowards",
    {"old: float", "target: float", "weight: float"},
    {"moved: float"},
    {},
    towardsShapes,
});

}  // namespace
}  // namespace fleet
