// The gradients of FleetGroupNorm. y and its sigmoid are computed again from x, which costs less than reading them.
//
// With dy the gradient at y, xHat = (x + centre) * rstd, and means over a group: dx = a * dy + c2 * (x + centre) + c1,
// a = rstd * gain, c1 = -rstd * mean(gain * dy), c2 = -rstd^2 * mean(gain * dy * xHat).
#include "channels.h"
#include "kernel.h"
#include "parallel.h"

namespace fleet {
namespace {

struct Image {
  const float* dz;
  const float* x;
  float* dx;
  int64_t N;
  int64_t C;
};

// dx = the gradient at y; sums of it, and of it times x + centre.
FLEET_EACH_MACHINE void gradientAtY(const Image& i, const float* a, const float* b, const float* centre, bool silu,
                                    double* sumDy, double* sumDyX) {
  std::vector<float> first(padded(i.C)), second(padded(i.C));
  for (int64_t start = 0; start < i.N; start += BLOCK) {
    const int64_t end = start + BLOCK < i.N ? start + BLOCK : i.N;
    std::fill(first.begin(), first.end(), 0.0f);
    std::fill(second.begin(), second.end(), 0.0f);
    for (int64_t n = start; n < end; n++) {
      for (int64_t c = 0; c < i.C; c += LANES) {
        const int64_t at = n * i.C + c, rest = i.C - c;
        const Lanes x = loadSome(i.x + at, rest);
        Lanes dy = loadSome(i.dz + at, rest);
        if (silu) {
          const Lanes y = x * load(a + c) + load(b + c);
          const Lanes s = sigmoid(y);
          dy = dy * (s + y * s * (1.0f - s));
        }
        storeSome(i.dx + at, dy, rest);
        store(&first[c], load(&first[c]) + dy);
        store(&second[c], load(&second[c]) + dy * (x + load(centre + c)));
      }
    }
    addWide(sumDy, first.data(), i.C);
    addWide(sumDyX, second.data(), i.C);
  }
}

// dx = a * dx + c2 * x + c1; sums of it.
FLEET_EACH_MACHINE void gradientAtX(const Image& i, const float* a, const float* c2, const float* c1, double* sumDx) {
  std::vector<float> block(padded(i.C));
  for (int64_t start = 0; start < i.N; start += BLOCK) {
    const int64_t end = start + BLOCK < i.N ? start + BLOCK : i.N;
    std::fill(block.begin(), block.end(), 0.0f);
    for (int64_t n = start; n < end; n++) {
      for (int64_t c = 0; c < i.C; c += LANES) {
        const int64_t at = n * i.C + c, rest = i.C - c;
        const Lanes dx = loadSome(i.dx + at, rest) * load(a + c) + (loadSome(i.x + at, rest) * load(c2 + c) + load(c1 + c));
        storeSome(i.dx + at, dx, rest);
        store(&block[c], load(&block[c]) + dx);
      }
    }
    addWide(sumDx, block.data(), i.C);
  }
}

class GroupNormGrad {
 public:
  explicit GroupNormGrad(Construction& attrs) : groups_(attrs.intAttr("groups")), silu_(attrs.boolAttr("silu")) {}

  void compute(Context& context) {
    const Tensor dz = context.input(0), x = context.input(1), gain = context.input(2), bias = context.input(3);
    const Tensor stats = context.input(4);
    if (!context.ok()) return;
    const int64_t B = dimOf(x, 0), N = dimOf(x, 1), C = dimOf(x, 2);
    const Tensor dx = context.outputLike(0, 0, dz);
    const Tensor dGain = context.output(1, {B, C}), dBias = context.output(2, {B, C}), dOffset = context.output(3, {B, C});
    context.require(C % groups_ == 0, "the channels are not a multiple of the groups");
    if (!context.ok()) return;
    const int64_t gains = dimOf(gain, 0), biases = dimOf(bias, 0);
    parallelFor(B, [&](int64_t b) {
      const Image image{dataOf<float>(dz) + b * N * C, dataOf<float>(x) + b * N * C, dataOf<float>(dx) + b * N * C, N, C};
      const float* centre = dataOf<float>(stats) + b * C;
      backward(image, dataOf<float>(gain) + b % gains * C, dataOf<float>(bias) + b % biases * C, centre, centre + B * C,
               dataOf<float>(dGain) + b * C, dataOf<float>(dBias) + b * C, dataOf<float>(dOffset) + b * C);
    });
  }

 private:
  void backward(const Image& i, const float* gain, const float* bias, const float* centre, const float* rstd,
                float* dGain, float* dBias, float* dOffset) const {
    const int64_t C = i.C;
    PerChannel shift(C), a(C), b(C), c1(C), c2(C);
    for (int64_t c = 0; c < C; c++) {
      shift[c] = centre[c];
      a[c] = rstd[c] * gain[c];
      b[c] = centre[c] * a[c] + bias[c];
    }
    std::vector<double> sumDy(C, 0.0), sumDyX(C, 0.0), sumDx(C, 0.0), m1(C), m2(C);
    gradientAtY(i, a.data(), b.data(), shift.data(), silu_, sumDy.data(), sumDyX.data());
    for (int64_t c = 0; c < C; c++) {
      m1[c] = sumDy[c] * gain[c];
      m2[c] = sumDyX[c] * rstd[c] * gain[c];
      dBias[c] = static_cast<float>(sumDy[c]);
      dGain[c] = static_cast<float>(sumDyX[c] * rstd[c]);
    }
    groupMeans(m1.data(), C, groups_, i.N, m1.data());
    groupMeans(m2.data(), C, groups_, i.N, m2.data());
    for (int64_t c = 0; c < C; c++) {
      const double slope = -double(rstd[c]) * rstd[c] * m2[c];
      c2[c] = static_cast<float>(slope);
      c1[c] = static_cast<float>(slope * centre[c] - rstd[c] * m1[c]);
    }
    gradientAtX(i, a.data(), c2.data(), c1.data(), sumDx.data());
    for (int64_t c = 0; c < C; c++) dOffset[c] = static_cast<float>(sumDx[c]);
  }

  const int64_t groups_;
  const bool silu_;
};

void shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  sameShape(context, 0, 0, status);
  for (int output : {1, 2, 3}) {
    if (TF_GetCode(status) == TF_OK) perImageAndChannel(context, output, 0, 0, status);
  }
}

[[maybe_unused]] const bool registered = registerOperation<GroupNormGrad>({
    "FleetGroupNormGrad",
    {"dz: float", "x: float", "gain: float", "bias: float", "stats: float"},
    // of gain, bias and offset for each image
    {"dx: float", "d_gain: float", "d_bias: float", "d_offset: float"},
    {"groups: int", "silu: bool"},
    shapes,
});

}  // namespace
}  // namespace fleet
