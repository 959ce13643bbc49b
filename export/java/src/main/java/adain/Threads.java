package adain;

/** How many threads a process may use. */
final class Threads {
    private Threads() {}

    /**
     * Java counts processors by affinity and by the quota of the control group; OMP_NUM_THREADS may say less.
     *
     * @param variable the value of OMP_NUM_THREADS, or null
     */
    static int usable(String variable) {
        int found = Runtime.getRuntime().availableProcessors();
        try {
            int limit = variable == null ? 0 : Integer.parseInt(variable.strip());
            return limit > 0 ? Math.min(limit, found) : found;
        } catch (NumberFormatException error) {
            return found;
        }
    }
}
