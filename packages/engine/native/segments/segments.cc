// Memory that processes of one host share, and the addition of what lies in it. A segment is an anonymous memory file:
// it has no name that could be guessed or left behind, and the system takes it back when its last user is gone,
// however that one died. Other processes of the same user reach it as /proc/<pid>/fd/<fd>.
#include <fcntl.h>
#include <node_api.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "../simd.h"

namespace {

// Nobody can make the file shorter any more, so that no access to a mapping of it can fail.
constexpr int SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

napi_value fail(napi_env env, const char* what) {
  const std::string text = std::string(what) + ": " + std::strerror(errno);
  napi_throw_error(env, nullptr, text.c_str());
  return nullptr;
}

int64_t number(napi_env env, napi_value value) {
  int64_t result = 0;
  napi_get_value_int64(env, value, &result);
  return result;
}

napi_value toNumber(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

template <size_t N>
void arguments(napi_env env, napi_callback_info info, napi_value (&values)[N]) {
  size_t count = N;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
}

// create(bytes): descriptor of a new segment, whose memory is there.
napi_value create(napi_env env, napi_callback_info info) {
  napi_value args[1];
  arguments(env, info, args);
  const int64_t bytes = number(env, args[0]);
  const int fd = memfd_create("ddpm-fleet", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return fail(env, "memfd_create");
  const int reserved = posix_fallocate(fd, 0, bytes);
  if (reserved == 0 && fcntl(fd, F_ADD_SEALS, SEALS) == 0) return toNumber(env, fd);
  if (reserved != 0) errno = reserved;
  fail(env, "reserving memory");
  close(fd);
  return nullptr;
}

// open(pid, fd, bytes): descriptor of another process's segment, to read.
napi_value openSegment(napi_env env, napi_callback_info info) {
  napi_value args[3];
  arguments(env, info, args);
  const std::string path =
      "/proc/" + std::to_string(number(env, args[0])) + "/fd/" + std::to_string(number(env, args[1]));
  struct stat about;
  if (stat(path.c_str(), &about) != 0) return fail(env, path.c_str());
  errno = EINVAL;
  if (!S_ISREG(about.st_mode) || about.st_size != number(env, args[2])) return fail(env, path.c_str());
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fail(env, path.c_str());
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals >= 0 && (seals & SEALS) == SEALS && fstat(fd, &about) == 0 && about.st_size == number(env, args[2]))
    return toNumber(env, fd);
  close(fd);
  errno = EINVAL;
  return fail(env, path.c_str());
}

// close(fd)
napi_value closeSegment(napi_env env, napi_callback_info info) {
  napi_value args[1];
  arguments(env, info, args);
  close(static_cast<int>(number(env, args[0])));
  return nullptr;
}

// map(fd, bytes, writable): ArrayBuffer over the segment; it stays when the descriptor is closed.
napi_value map(napi_env env, napi_callback_info info) {
  napi_value args[3];
  arguments(env, info, args);
  const size_t bytes = number(env, args[1]);
  bool writable = false;
  napi_get_value_bool(env, args[2], &writable);
  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* data = mmap(nullptr, bytes, protection, MAP_SHARED | MAP_POPULATE, static_cast<int>(number(env, args[0])), 0);
  if (data == MAP_FAILED) return fail(env, "mmap");
  const auto unmap = [](napi_env, void* at, void* size) { munmap(at, reinterpret_cast<size_t>(size)); };
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, data, bytes, unmap, reinterpret_cast<void*>(bytes), &buffer) == napi_ok)
    return buffer;
  munmap(data, bytes);
  errno = ENOTSUP;
  return fail(env, "memory outside of the heap");
}

struct Floats {
  float* data = nullptr;
  size_t count = 0;
};

Floats floats(napi_env env, napi_value value) {
  Floats result;
  void* data = nullptr;
  napi_typedarray_type type;
  const bool ok =
      napi_get_typedarray_info(env, value, &type, &result.count, &data, nullptr, nullptr) == napi_ok &&
      type == napi_float32_array;
  result.data = ok ? static_cast<float*>(data) : nullptr;
  return result;
}

// Element i goes to the partial sum i mod 4; so it is in JavaScript, to the bit.
FLEET_EACH_MACHINE double addAll(float* out, const float* left, const float* right, size_t count) {
  double squares[4] = {0, 0, 0, 0};
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int lane = 0; lane < 4; lane++) {
      const float sum = left[i + lane] + right[i + lane];
      out[i + lane] = sum;
      // A square of a float is exact as a double, so it does not matter whether it is rounded before it is added.
      squares[lane] += static_cast<double>(sum) * sum;
    }
  }
  for (; i < count; i++) {
    const float sum = left[i] + right[i];
    out[i] = sum;
    squares[i % 4] += static_cast<double>(sum) * sum;
  }
  return (squares[0] + squares[1]) + (squares[2] + squares[3]);
}

// add(out, left, right): out = left + right; the sum of its squares. `out` may be one of the others.
napi_value add(napi_env env, napi_callback_info info) {
  napi_value args[3];
  arguments(env, info, args);
  const Floats out = floats(env, args[0]), left = floats(env, args[1]), right = floats(env, args[2]);
  if (!out.data || !left.data || !right.data || out.count != left.count || out.count != right.count) {
    napi_throw_range_error(env, nullptr, "add takes three Float32Arrays of one length");
    return nullptr;
  }
  return toNumber(env, addAll(out.data, left.data, right.data, out.count));
}

napi_value init(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    napi_callback call;
  } functions[] = {{"create", create}, {"open", openSegment}, {"close", closeSegment}, {"map", map}, {"add", add}};
  for (const auto& [name, call] : functions) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
