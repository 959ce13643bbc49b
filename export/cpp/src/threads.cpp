#include "threads.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace adain {
namespace {

int affinity() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return CPU_COUNT(&set);
  }
#endif
  return static_cast<int>(std::thread::hardware_concurrency());  // 0 where it is not known
}

/// The processors that the control group may use, or 0 where it has no limit.
double quota() {
  double time = 0;
  double period = 0;
  if (std::ifstream("/sys/fs/cgroup/cpu.max") >> time >> period) {  // version 2; "max 100000" without a limit
    return time / period;
  }
  if (std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> time &&
      std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period) {
    return time / period;  // -1 / period without a limit
  }
  return 0;
}

}  // namespace

int usable_threads() {
  int threads = std::max(1, affinity());
  const char* variable = std::getenv("OMP_NUM_THREADS");
  for (const double limit : {quota(), variable ? std::atof(variable) : 0}) {
    if (limit > 0) {
      threads = std::min(threads, std::max(1, static_cast<int>(limit)));
    }
  }
  return threads;
}

}  // namespace adain
