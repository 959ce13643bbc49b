#pragma once

namespace adain {

/// How many threads this process may use: by its affinity, its control group's quota and OMP_NUM_THREADS; 1 or more.
int usable_threads();

}  // namespace adain
