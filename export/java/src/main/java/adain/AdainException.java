package adain;

/** What went wrong for the user, in one line: what came, what was expected, and what to do. */
public final class AdainException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The message alone. */
    public AdainException(String message) {
        super(message);
    }

    /** The message, and the error of another library that led to it. */
    public AdainException(String message, Throwable cause) {
        super(message, cause);
    }

    /** What an error of another library says, on one line. */
    static String firstLine(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank()
                ? error.getClass().getSimpleName()
                : message.lines().findFirst().orElseThrow().strip();
    }
}
