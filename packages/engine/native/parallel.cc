#include "parallel.h"

#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace fleet {
namespace {

int threadsWithinAnOperation() {
  const char* told = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int count = told ? std::atoi(told) : 0;
  return count > 0 ? count : static_cast<int>(std::thread::hardware_concurrency());
}

// One job at a time; its items are taken one by one by the caller and the pool's threads.
class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 1; i < threads; i++) std::thread([this] { serve(); }).detach();
  }

  void run(int64_t count, const std::function<void(int64_t)>& body) {
    std::lock_guard<std::mutex> job(jobs_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      std::fegetenv(&arithmetic_);
      body_ = &body;
      count_ = count;
      next_ = 0;
      generation_++;
    }
    wake_.notify_all();
    take(count, body);
    std::unique_lock<std::mutex> lock(mutex_);
    body_ = nullptr;
    done_.wait(lock, [this] { return working_ == 0; });
  }

 private:
  void take(int64_t count, const std::function<void(int64_t)>& body) {
    for (int64_t i = next_++; i < count; i = next_++) body(i);
  }

  void serve() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      if (!body_) continue;
      const auto* body = body_;
      const int64_t count = count_;
      // TensorFlow's threads flush tiny numbers to zero: whoever computes an item must do the same.
      std::fesetenv(&arithmetic_);
      working_++;
      lock.unlock();
      take(count, *body);
      lock.lock();
      if (--working_ == 0) done_.notify_all();
    }
  }

  std::mutex jobs_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  const std::function<void(int64_t)>* body_ = nullptr;
  int64_t count_ = 0;
  std::fenv_t arithmetic_;
  std::atomic<int64_t> next_{0};
  uint64_t generation_ = 0;
  int working_ = 0;
};

}  // namespace

void parallelFor(int64_t count, const std::function<void(int64_t)>& body) {
  static const int threads = threadsWithinAnOperation();
  // Never destroyed: its threads may outlive static destructors.
  static Pool* pool = threads > 1 ? new Pool(threads) : nullptr;
  if (!pool || count <= 1) {
    for (int64_t i = 0; i < count; i++) body(i);
    return;
  }
  pool->run(count, body);
}

}  // namespace fleet
