package adain;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The ready styles of a model: a folder with {@code index.json} and a {@code .npy} for each style.
 *
 * @param folder where the codes are
 * @param model SHA-256 of the checkpoint whose encoder made the codes
 * @param styles the paintings by the name of their style
 */
public record StyleBank(Path folder, String model, SortedMap<String, Painting> styles) {
    /** What the bank knows of a style. */
    public record Painting(String title, String artist, String year) {}

    private record Index(String model, TreeMap<String, Painting> styles) {}

    /**
     * Reads the index of a folder.
     *
     * @throws AdainException missing or broken
     */
    public static StyleBank open(Path folder) {
        Path file = folder.resolve("index.json");
        try {
            Index index = new Gson().fromJson(Files.readString(file), Index.class);
            if (index != null && index.model() != null && index.styles() != null) {
                return new StyleBank(folder, index.model(), index.styles());
            }
            throw new AdainException(file + " lists no styles; give the folder of a style bank");
        } catch (IOException | JsonParseException error) {
            throw new AdainException(
                    "the styles cannot be read from %s (%s); give the folder of a style bank"
                            .formatted(file, error.getClass().getSimpleName()),
                    error);
        }
    }

    /**
     * Reads the code of a style.
     *
     * @param name one of {@link #styles}
     * @param model the model that the code is for
     * @throws AdainException no such style, a broken file, or the bank is of another model
     */
    public StyleCode load(String name, ModelInfo model) {
        if (!styles.containsKey(name)) {
            throw new AdainException("there is no style or file named %s; the styles are %s"
                    .formatted(name, String.join(", ", styles.keySet())));
        }
        if (!this.model.equals(model.checkpointSha256())) {
            throw new AdainException(
                    "the styles in %s are of another model; give the bank of this one".formatted(folder));
        }
        return StyleCode.load(folder.resolve(name + ".npy"));
    }
}
