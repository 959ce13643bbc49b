package adain;

/** The Lanczos filter with 3 lobes, for lines that are made shorter. */
final class Lanczos {
    private static final double LOBES = 3;

    private final int[] starts; // of each new value, the first old one that it comes from
    private final double[][] weights; // of the old values from there

    /** For lines of {@code from} values, which become {@code to}; {@code from} is not less. */
    Lanczos(int from, int to) {
        starts = new int[to];
        weights = new double[to][];
        double scale = (double) from / to;
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * scale;
            int start = Math.max(0, (int) (centre - LOBES * scale + 0.5));
            int end = Math.min(from, (int) (centre + LOBES * scale + 0.5));
            double sum = 0;
            starts[i] = start;
            weights[i] = new double[end - start];
            for (int j = start; j < end; j++) {
                weights[i][j - start] = weight((j - centre + 0.5) / scale);
                sum += weights[i][j - start];
            }
            for (int j = 0; j < weights[i].length; j++) {
                weights[i][j] /= sum;
            }
        }
    }

    /** Resizes one line; {@code step} is from a value to the next of its line, the same in both arrays. */
    void resize(byte[] from, int fromStart, byte[] to, int toStart, int step) {
        for (int i = 0; i < starts.length; i++) {
            double sum = 0;
            int at = fromStart + starts[i] * step;
            for (double weight : weights[i]) {
                sum += weight * (from[at] & 0xff);
                at += step;
            }
            to[toStart + i * step] = (byte) Math.max(0, Math.min(255, (int) Math.floor(sum + 0.5)));
        }
    }

    private static double weight(double x) {
        if (x == 0) {
            return 1;
        }
        double t = Math.PI * x;
        return Math.abs(x) < LOBES ? LOBES * Math.sin(t) * Math.sin(t / LOBES) / (t * t) : 0;
    }
}
