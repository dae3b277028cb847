// A loop over independent items on as many threads as TensorFlow has within an operation.
#pragma once

#include <cstdint>
#include <functional>

namespace fleet {

// Calls body(i) for each i in [0, count), in any order; returns when all are done. Results must not depend on who
// computes an item, so that they are the same for any number of threads.
void parallelFor(int64_t count, const std::function<void(int64_t)>& body);

}  // namespace fleet
