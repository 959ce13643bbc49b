package adain

import (
	"os"
	"runtime"
	"strconv"
)

// usableThreads is how many threads this process may use. Go counts them by affinity and by the quota of the control
// group; OMP_NUM_THREADS may say less.
func usableThreads() int {
	found := runtime.GOMAXPROCS(0)
	if limit, err := strconv.Atoi(os.Getenv("OMP_NUM_THREADS")); err == nil && limit > 0 {
		return min(limit, found)
	}
	return found
}
