package adain;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What an ONNX file says of itself.
 *
 * @param graph {@code stylizer} or {@code style_encoder}
 * @param styleSize S, the length of a style code
 * @param checkpointSha256 the model file that the ONNX file was exported from; style codes belong to it
 * @param metadata all entries of the file, among them {@code adain.license} and {@code adain.attribution}
 */
public record ModelInfo(String graph, int styleSize, String checkpointSha256, Map<String, String> metadata) {
    /** Those that this client can run; what it uses of them is the same. */
    static final List<String> VERSIONS = List.of("1", "2");


    /** Reads the entries and refuses a file that this client cannot run rightly. */
    static ModelInfo of(Map<String, String> metadata, String graph, Path file) {
        String version = metadata.get("adain.contract");
        if (version == null) {
            throw new AdainException(file + " is an ONNX file, but not one of adain's (it has no adain.contract entry);"
                    + " give a file that `adain export` wrote");
        }
        if (!VERSIONS.contains(version)) {
            throw new AdainException("%s has adain.contract %s; %s was expected; export it again"
                    .formatted(file, version, String.join(" or ", VERSIONS)));
        }
        expect(file, "adain.graph", metadata.get("adain.graph"), graph, "give " + graph + ".onnx");
        expect(file, "adain.io", metadata.get("adain.io"), "bytes", "export it with --io bytes");
        String checkpoint = metadata.get("adain.checkpoint_sha256");
        try {
            int styleSize = Integer.parseInt(metadata.get("adain.style_size"));
            if (styleSize > 0 && checkpoint != null) {
                return new ModelInfo(graph, styleSize, checkpoint, Map.copyOf(metadata));
            }
        } catch (NumberFormatException error) {
            // told below; null leads here too
        }
        throw new AdainException(file + " has incomplete adain metadata; export it again");
    }

    private static void expect(Path file, String key, String came, String expected, String cure) {
        if (!expected.equals(came)) {
            throw new AdainException("%s has %s %s; %s was expected; %s".formatted(file, key, came, expected, cure));
        }
    }
}
