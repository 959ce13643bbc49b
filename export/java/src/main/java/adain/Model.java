package adain;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** One ONNX file of the contract in an onnxruntime session. */
record Model(Path file, OrtSession session, ModelInfo info) implements AutoCloseable {
    /** What to do with the one output of a run, before its memory is given back. */
    interface Reader<T> {
        T read(OnnxTensor output) throws OrtException;
    }

    /** Opens a file that has to be the given graph; the options are not kept. */
    static Model open(Path file, String graph, OrtSession.SessionOptions options) {
        if (!Files.isRegularFile(file)) {
            throw new AdainException(
                    file + " does not exist or is no file; give a " + graph + ".onnx of `adain export`");
        }
        try {
            OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString(), options);
            try {
                return new Model(
                        file, session, ModelInfo.of(session.getMetadata().getCustomMetadata(), graph, file));
            } catch (AdainException error) {
                session.close();
                throw error;
            }
        } catch (OrtException error) {
            throw new AdainException(
                    "%s is no ONNX file that onnxruntime can run (%s); give a file that `adain export` wrote"
                            .formatted(file, AdainException.firstLine(error)),
                    error);
        }
    }

    <T> T run(Map<String, OnnxTensor> inputs, Reader<T> reader) throws OrtException {
        try (OrtSession.Result result = session.run(inputs)) {
            return reader.read((OnnxTensor) result.get(0));
        }
    }

    AdainException failed(OrtException error) {
        return new AdainException(
                "onnxruntime failed to run %s (%s)".formatted(file, AdainException.firstLine(error)), error);
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException error) {
            throw failed(error);
        }
    }
}
