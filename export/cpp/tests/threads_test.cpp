#include "threads.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>

namespace {

TEST(Threads, AreThoseThatTheProcessMayUse) {
  setenv("OMP_NUM_THREADS", "1", 1);
  EXPECT_EQ(adain::usable_threads(), 1);
  unsetenv("OMP_NUM_THREADS");
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  EXPECT_LE(adain::usable_threads(), CPU_COUNT(&before));
  cpu_set_t one;
  CPU_ZERO(&one);
  int first = 0;
  while (!CPU_ISSET(first, &before)) {
    ++first;
  }
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(adain::usable_threads(), 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

}  // namespace
