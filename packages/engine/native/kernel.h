// A thin C++ face on TensorFlow's stable C API for operations (tensorflow/c/ops.h and kernels.h).
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace fleet {

struct StatusDeleter {
  void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
};
struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};

using Status = std::unique_ptr<TF_Status, StatusDeleter>;
using Tensor = std::unique_ptr<TF_Tensor, TensorDeleter>;

inline Status newStatus() { return Status(TF_NewStatus()); }

template <typename T>
T* dataOf(const Tensor& tensor) {
  return static_cast<T*>(TF_TensorData(tensor.get()));
}

inline int64_t dimOf(const Tensor& tensor, int axis) { return TF_Dim(tensor.get(), axis); }

inline std::vector<int64_t> dimsOf(const Tensor& tensor) {
  std::vector<int64_t> dims(TF_NumDims(tensor.get()));
  for (size_t i = 0; i < dims.size(); i++) dims[i] = dimOf(tensor, i);
  return dims;
}

// The inputs and outputs of one execution. After a failure `ok` is false, tensors are null, and nothing more must be
// done: what reads a tensor asks `ok` first.
class Context {
 public:
  explicit Context(TF_OpKernelContext* context) : context_(context), status_(newStatus()) {}

  bool ok() const { return ok_; }

  Tensor input(int index) {
    if (!ok_) return nullptr;
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_.get());
    check();
    return Tensor(tensor);
  }

  Tensor output(int index, const std::vector<int64_t>& dims) {
    if (!ok_) return nullptr;
    size_t bytes = sizeof(float);
    for (int64_t dim : dims) bytes *= dim;
    Tensor tensor(TF_AllocateOutput(context_, index, TF_FLOAT, dims.data(), dims.size(), bytes, status_.get()));
    check();
    return tensor;
  }

  // An output of the shape of an input, in that input's memory where nobody else needs it.
  Tensor outputLike(int index, int inputIndex, const Tensor& input) {
    if (!ok_) return nullptr;
    const std::vector<int64_t> dims = dimsOf(input);
    int forwarded;
    Tensor tensor(TF_ForwardInputOrAllocateOutput(context_, &inputIndex, 1, index, dims.data(), dims.size(),
                                                  &forwarded, status_.get()));
    check();
    return tensor;
  }

  void require(bool condition, const char* message) {
    if (condition || !ok_) return;
    TF_SetStatus(status_.get(), TF_INVALID_ARGUMENT, message);
    check();
  }

 private:
  void check() {
    if (!ok_ || TF_GetCode(status_.get()) == TF_OK) return;
    ok_ = false;
    TF_OpKernelContext_Failure(context_, status_.get());
  }

  TF_OpKernelContext* context_;
  Status status_;
  bool ok_ = true;
};

// The attributes of a node, read once when its kernel is made.
class Construction {
 public:
  explicit Construction(TF_OpKernelConstruction* construction) : construction_(construction), status_(newStatus()) {}

  int64_t intAttr(const char* name) {
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(construction_, name, &value, status_.get());
    return check(value);
  }

  float floatAttr(const char* name) {
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(construction_, name, &value, status_.get());
    return check(value);
  }

  bool boolAttr(const char* name) {
    unsigned char value = 0;
    TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status_.get());
    return check(value) != 0;
  }

 private:
  template <typename T>
  T check(T value) {
    if (TF_GetCode(status_.get()) != TF_OK) TF_OpKernelConstruction_Failure(construction_, status_.get());
    return value;
  }

  TF_OpKernelConstruction* construction_;
  Status status_;
};

// What an operation takes and gives, in the notation of TensorFlow's op definitions ("x: float").
struct Definition {
  const char* name;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
  std::vector<const char*> attrs;
  void (*shapes)(TF_ShapeInferenceContext*, TF_Status*);
};

// Registers an operation and its CPU kernel, a class with a constructor from Construction and `void compute(Context&)`.
template <typename Kernel>
bool registerOperation(const Definition& definition) {
  Status status = newStatus();
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(definition.name);
  for (const char* input : definition.inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : definition.outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attr : definition.attrs) TF_OpDefinitionBuilderAddAttr(op, attr);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, definition.shapes);
  TF_RegisterOpDefinition(op, status.get());
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(
      definition.name, "CPU",
      [](TF_OpKernelConstruction* construction) -> void* {
        Construction attrs(construction);
        return new Kernel(attrs);
      },
      [](void* self, TF_OpKernelContext* raw) {
        Context context(raw);
        static_cast<Kernel*>(self)->compute(context);
      },
      [](void* self) { delete static_cast<Kernel*>(self); });
  TF_RegisterKernelBuilder(definition.name, kernel, status.get());
  return TF_GetCode(status.get()) == TF_OK;
}

// Output `output` has the shape of input `input`.
inline void sameShape(TF_ShapeInferenceContext* context, int output, int input, TF_Status* status) {
  TF_ShapeHandle* shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, input, shape, status);
  if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextSetOutput(context, output, shape, status);
  TF_DeleteShapeHandle(shape);
}

// Output `output` is [B, C] where input `input` is [B, N, C]; or [copies, B, C].
inline void perImageAndChannel(TF_ShapeInferenceContext* context, int output, int input, int copies, TF_Status* status) {
  TF_ShapeHandle *x = TF_NewShapeHandle(), *images = TF_NewShapeHandle(), *channels = TF_NewShapeHandle();
  TF_ShapeHandle *shape = TF_NewShapeHandle();
  TF_ShapeInferenceContextGetInput(context, input, x, status);
  const auto ok = [&] { return TF_GetCode(status) == TF_OK; };
  if (ok()) TF_ShapeInferenceContextWithRank(context, x, 3, x, status);
  if (ok()) TF_ShapeInferenceContextSubshape(context, x, 0, 1, images, status);
  if (ok()) TF_ShapeInferenceContextSubshape(context, x, 2, 3, channels, status);
  if (ok()) TF_ShapeInferenceContextConcatenateShapes(context, images, channels, shape, status);
  if (copies > 0) {
    TF_ShapeHandle* leading = TF_ShapeInferenceContextVectorFromSize(context, copies);
    if (ok()) TF_ShapeInferenceContextConcatenateShapes(context, leading, shape, shape, status);
    TF_DeleteShapeHandle(leading);
  }
  if (ok()) TF_ShapeInferenceContextSetOutput(context, output, shape, status);
  for (TF_ShapeHandle* handle : {x, images, channels, shape}) TF_DeleteShapeHandle(handle);
}

}  // namespace fleet
