package adain;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Restyles pictures with a trained model.
 *
 * <p>A style costs one run of the encoder and can be kept; after that each picture costs one run of the stylizer. May
 * be shared between threads; must be closed.
 */
public final class Stylizer implements AutoCloseable {
    /** The smallest width and height that the network takes. */
    public static final int MIN_SIDE = 16;

    /** The shorter side, in pixels, to which paintings are shrunk unless another is asked for, as the contract says. */
    public static final int PAINTING_SIZE = 512;

    private final Model stylizer;
    private final Model encoder; // null where styles come as codes only

    private Stylizer(Model stylizer, Model encoder) {
        this.stylizer = stylizer;
        this.encoder = encoder;
    }

    /**
     * Loads {@code stylizer.onnx} alone: enough where styles come as codes.
     *
     * @throws AdainException as {@link #load(Path, Path, OrtSession.SessionOptions)} does
     */
    public static Stylizer load(Path stylizer) {
        return load(stylizer, null);
    }

    /**
     * Loads both files with the default options of onnxruntime: on the CPU, with as many threads as the
     * process may use.
     *
     * @throws AdainException as {@link #load(Path, Path, OrtSession.SessionOptions)} does
     */
    public static Stylizer load(Path stylizer, Path styleEncoder) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(Threads.usable(System.getenv("OMP_NUM_THREADS")));
            return load(stylizer, styleEncoder, options);
        } catch (OrtException error) {
            throw new AdainException("onnxruntime takes no options (%s)".formatted(AdainException.firstLine(error)), error);
        }
    }

    /**
     * The style encoder of a folder of models: its own, or else the one in the folder {@code onnx} beside it, whose codes
     * the small network takes.
     */
    public static Path styleEncoderOf(Path folder) {
        Path own = folder.resolve("style_encoder.onnx");
        Path shared = folder.resolve("../onnx/style_encoder.onnx");
        return Files.notExists(own) && Files.exists(shared) ? shared : own;
    }

    /**
     * Loads both files.
     *
     * @param stylizer {@code stylizer.onnx} of {@code adain export}, with the {@code bytes} door
     * @param styleEncoder {@code style_encoder.onnx} of the same model, or null
     * @param options threads and execution providers, such as CUDA; may be closed afterwards
     * @throws AdainException a file is missing, is no ONNX file, follows another contract, is another graph or has
     *     another door, or the two are of different checkpoints
     */
    public static Stylizer load(Path stylizer, Path styleEncoder, OrtSession.SessionOptions options) {
        Stylizer loaded = new Stylizer(Model.open(stylizer, "stylizer", options), null);
        if (styleEncoder == null) {
            return loaded;
        }
        try {
            loaded = new Stylizer(loaded.stylizer, Model.open(styleEncoder, "style_encoder", options));
            if (!loaded.encoder.info().checkpointSha256().equals(loaded.info().checkpointSha256())) {
                throw new AdainException("%s and %s are of different checkpoints; give two files of one export"
                        .formatted(stylizer, styleEncoder));
            }
            return loaded;
        } catch (AdainException error) {
            loaded.close();
            throw error;
        }
    }

    /** What the stylizer file says of itself. */
    public ModelInfo info() {
        return stylizer.info();
    }

    /**
     * Encodes a painting, shrunk to its {@link Picture#usualSize()}.
     *
     * @throws AdainException as {@link #encodeStyle(Picture, int)} does
     */
    public StyleCode encodeStyle(Picture painting) {
        return encodeStyle(painting, painting.usualSize());
    }

    /**
     * Encodes a painting.
     *
     * @param painting sides of at least {@link #MIN_SIDE}
     * @param size it is shrunk so that its shorter side has at most so many pixels; it changes texture and contrast, and
     *     takes memory by its square
     * @throws AdainException the picture is too small, the size is below {@link #MIN_SIDE}, or no style encoder was
     *     loaded
     */
    public StyleCode encodeStyle(Picture painting, int size) {
        if (encoder == null) {
            throw new AdainException(
                    "no style encoder was loaded; give style_encoder.onnx to load, or use style codes");
        }
        try (OnnxTensor pixels = pixels(List.of(painting.shrink(size)))) {
            return encoder.run(Map.of("image", pixels), output -> {
                FloatBuffer values = output.getFloatBuffer();
                float[] code = new float[values.remaining()];
                values.get(code);
                return new StyleCode(code);
            });
        } catch (OrtException error) {
            throw encoder.failed(error);
        }
    }

    /**
     * Gives one picture a style.
     *
     * @throws AdainException as {@link #stylize(List, List, double)} does
     */
    public Picture stylize(Picture content, StyleCode code, double alpha) {
        return stylize(List.of(content), List.of(code), alpha).get(0);
    }

    /**
     * Gives a batch of pictures their styles.
     *
     * @param contents pictures of one size, with sides of at least {@link #MIN_SIDE}
     * @param codes one for each picture, or one that serves all; of the model that is loaded
     * @param alpha strength, from 0 (the content) to 1 (the full style)
     * @return as many pictures as contents, of the same size
     * @throws AdainException a picture is too small, the sizes differ, the number or length of the codes does not fit,
     *     or alpha is out of range
     */
    public List<Picture> stylize(List<Picture> contents, List<StyleCode> codes, double alpha) {
        if (!(alpha >= 0 && alpha <= 1)) { // NaN fails too
            throw new AdainException(
                    "alpha is " + alpha + "; give a number from 0 (the content) to 1 (the full style)");
        }
        try (OnnxTensor content = pixels(contents);
                OnnxTensor style = codes(codes, contents.size());
                OnnxTensor strength = floats(new float[] {(float) alpha}, 1)) {
            return stylizer.run(Map.of("content", content, "style", style, "alpha", strength), Stylizer::pictures);
        } catch (OrtException error) {
            throw stylizer.failed(error);
        }
    }

    @Override
    public void close() {
        stylizer.close();
        if (encoder != null) {
            encoder.close();
        }
    }

    /** Pictures as uint8 [N, H, W, 3]. */
    private static OnnxTensor pixels(List<Picture> pictures) throws OrtException {
        if (pictures.isEmpty()) {
            throw new AdainException("a batch of no pictures; give at least one");
        }
        int width = pictures.get(0).width();
        int height = pictures.get(0).height();
        if (width < MIN_SIDE || height < MIN_SIDE) {
            throw new AdainException("a picture of %d x %d pixels is too small; give at least %d x %d"
                    .formatted(width, height, MIN_SIDE, MIN_SIDE));
        }
        long size = 3L * width * height * pictures.size();
        if (size > Integer.MAX_VALUE) {
            throw new AdainException("%d pictures of %d x %d pixels are too many for one batch; give fewer"
                    .formatted(pictures.size(), width, height));
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect((int) size).order(ByteOrder.nativeOrder());
        for (Picture picture : pictures) {
            if (picture.width() != width || picture.height() != height) {
                throw new AdainException(
                        "pictures of %d x %d and %d x %d pixels in one batch; give one size, or one picture at a time"
                                .formatted(width, height, picture.width(), picture.height()));
            }
            bytes.put(picture.rgb());
        }
        long[] shape = {pictures.size(), height, width, 3};
        return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), bytes.flip(), shape, OnnxJavaType.UINT8);
    }

    /** Codes as float32 [1 or N, S]. */
    private OnnxTensor codes(List<StyleCode> codes, int contents) throws OrtException {
        if (codes.size() != 1 && codes.size() != contents) {
            throw new AdainException("%d style codes for %d pictures; give one code, or one for each picture"
                    .formatted(codes.size(), contents));
        }
        int size = info().styleSize();
        FloatBuffer values = FloatBuffer.allocate(codes.size() * size);
        for (StyleCode code : codes) {
            if (code.size() != size) {
                throw new AdainException("a style code of %d numbers; this model's have %d; encode the style with it"
                        .formatted(code.size(), size));
            }
            values.put(code.values());
        }
        return floats(values.array(), codes.size(), size);
    }

    private static OnnxTensor floats(float[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
    }

    /** uint8 [N, H, W, 3] as pictures. */
    private static List<Picture> pictures(OnnxTensor tensor) {
        long[] shape = tensor.getInfo().getShape();
        ByteBuffer bytes = tensor.getByteBuffer();
        List<Picture> pictures = new ArrayList<>();
        for (long i = 0; i < shape[0]; i++) {
            byte[] rgb = new byte[(int) (shape[1] * shape[2] * shape[3])];
            bytes.get(rgb);
            pictures.add(new Picture((int) shape[2], (int) shape[1], rgb));
        }
        return pictures;
    }
}
