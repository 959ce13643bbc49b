package adain;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.Raster;
import java.util.Arrays;
import java.util.Objects;

/** A picture as the model takes it: uint8 [height, width, 3], sRGB, red first, rows from the top. */
public final class Picture {
    private final int width;
    private final int height;
    private final byte[] rgb;

    /**
     * Checks the size.
     *
     * @param width pixels in a row, 1 or more
     * @param height rows, 1 or more
     * @param rgb 3 bytes a pixel, read as unsigned; not copied
     * @throws AdainException the array does not hold width x height x 3 bytes
     */
    public Picture(int width, int height, byte[] rgb) {
        if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
            throw new AdainException("a picture of %d x %d pixels with %d bytes; 3 bytes a pixel were expected"
                    .formatted(width, height, rgb.length));
        }
        this.width = width;
        this.height = height;
        this.rgb = rgb;
    }

    /** Pixels in a row. */
    public int width() {
        return width;
    }

    /** The number of rows. */
    public int height() {
        return height;
    }

    /** The pixels themselves, which are large: no copy of them. */
    public byte[] rgb() {
        return rgb;
    }

    /**
     * Takes the pixels of an image of any kind. Colours are converted to sRGB by the image's own colour space;
     * transparent pixels are laid on white.
     *
     * @throws AdainException the image has more pixels than an array can hold
     */
    public static Picture of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        if (3L * width * height > Integer.MAX_VALUE) {
            throw new AdainException("an image of %d x %d pixels; at most %d pixels fit into an array; make it smaller"
                    .formatted(width, height, Integer.MAX_VALUE / 3));
        }
        ColorSpace colours = image.getColorModel().getColorSpace();
        BufferedImage source = colours.getType() == ColorSpace.TYPE_GRAY || colours.isCS_sRGB() ? image : toSrgb(image);
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[width];
        for (int y = 0, to = 0; y < height; y++) {
            if (colours.getType() == ColorSpace.TYPE_GRAY) {
                readGrey(source, y, row);
            } else {
                source.getRGB(0, y, width, 1, row, 0, width);
            }
            for (int argb : row) {
                rgb[to++] = onWhite(argb, 16);
                rgb[to++] = onWhite(argb, 8);
                rgb[to++] = onWhite(argb, 0);
            }
        }
        return new Picture(width, height, rgb);
    }

    /** A copy as an image of type {@link BufferedImage#TYPE_INT_RGB}. */
    public BufferedImage toImage() {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int[] row = new int[width];
        for (int y = 0, from = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                row[x] = (rgb[from++] & 0xff) << 16 | (rgb[from++] & 0xff) << 8 | rgb[from++] & 0xff;
            }
            image.setRGB(0, y, width, 1, row, 0, width);
        }
        return image;
    }

    /**
     * The shorter side, in pixels, to which a painting is shrunk unless another is asked for: {@link
     * Stylizer#PAINTING_SIZE}; of a scroll or a frieze less, so that it has no more pixels than a painting 8 times as long
     * as wide.
     */
    public int usualSize() {
        double part = Math.min(1, 8.0 * Math.min(width, height) / Math.max(width, height));
        return Math.max(Stylizer.MIN_SIDE, (int) Math.round(Stylizer.PAINTING_SIZE * Math.sqrt(part)));
    }

    /**
     * A painting as it is encoded: its shorter side at most {@code size} pixels, by the Lanczos filter. One that is
     * smaller stays as it is.
     *
     * @throws AdainException the size is below {@link Stylizer#MIN_SIDE}
     */
    public Picture shrink(int size) {
        if (size < Stylizer.MIN_SIDE) {
            throw new AdainException("the size is %d; give the pixels of the shorter side, %d or more"
                    .formatted(size, Stylizer.MIN_SIDE));
        }
        int side = Math.min(width, height);
        if (side <= size) {
            return this;
        }
        int toWidth = (int) Math.rint((double) width * size / side); // a half becomes the even number
        int toHeight = (int) Math.rint((double) height * size / side);
        // One axis after the other, so that values are rounded and cut to 8 bits in between, as the contract says.
        byte[] narrow = new byte[3 * toWidth * height];
        Lanczos across = new Lanczos(width, toWidth);
        for (int y = 0; y < height; y++) {
            for (int colour = 0; colour < 3; colour++) {
                across.resize(rgb, 3 * y * width + colour, narrow, 3 * y * toWidth + colour, 3);
            }
        }
        byte[] small = new byte[3 * toWidth * toHeight];
        Lanczos down = new Lanczos(height, toHeight);
        for (int column = 0; column < 3 * toWidth; column++) {
            down.resize(narrow, column, small, column, 3 * toWidth);
        }
        return new Picture(toWidth, toHeight, small);
    }

    /** Whether the other is a picture with the same pixels. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Picture picture
                && width == picture.width
                && height == picture.height
                && Arrays.equals(rgb, picture.rgb);
    }

    @Override
    public int hashCode() {
        return Objects.hash(width, height, Arrays.hashCode(rgb));
    }

    @Override
    public String toString() {
        return "Picture[%d x %d]".formatted(width, height);
    }

    private static BufferedImage toSrgb(BufferedImage image) {
        int type = image.getColorModel().hasAlpha() ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB;
        return new ColorConvertOp(null).filter(image, new BufferedImage(image.getWidth(), image.getHeight(), type));
    }

    /** Files hold sRGB values, but Java takes grey for linear light and would brighten it: so, the plain samples. */
    private static void readGrey(BufferedImage image, int y, int[] row) {
        Raster raster = image.getRaster();
        int white = (1 << image.getColorModel().getComponentSize(0)) - 1;
        boolean hasAlpha = image.getColorModel().hasAlpha();
        for (int x = 0; x < row.length; x++) {
            int grey = (raster.getSample(x, y, 0) * 255 + white / 2) / white;
            int alpha = hasAlpha ? (raster.getSample(x, y, 1) * 255 + white / 2) / white : 255;
            row[x] = alpha << 24 | grey << 16 | grey << 8 | grey;
        }
    }

    private static byte onWhite(int argb, int shift) {
        int alpha = argb >>> 24;
        int value = argb >> shift & 0xff;
        return (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}
