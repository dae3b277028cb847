// The operations' version, so that a graph is only given operations that the addon has.
#include "kernel.h"

namespace fleet {
namespace {

// Raise it with any change of an operation's meaning or bits; src/install/versions.ts names the same number.
constexpr float OPERATIONS_VERSION = 3;

class Version {
 public:
  explicit Version(Construction&) {}

  void compute(Context& context) {
    const Tensor version = context.output(0, {});
    if (context.ok()) *dataOf<float>(version) = OPERATIONS_VERSION;
  }
};

void shapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeHandle* scalar = TF_ShapeInferenceContextScalar(context);
  TF_ShapeInferenceContextSetOutput(context, 0, scalar, status);
  TF_DeleteShapeHandle(scalar);
}

[[maybe_unused]] const bool registered =
    registerOperation<Version>({"FleetOperationsVersion", {}, {"version: float"}, {}, shapes});

}  // namespace
}  // namespace fleet
