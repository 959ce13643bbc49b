package adain.example;

import adain.AdainException;
import adain.Picture;
import com.drew.imaging.ImageMetadataReader;
import com.drew.imaging.ImageProcessingException;
import com.drew.metadata.MetadataException;
import com.drew.metadata.exif.ExifIFD0Directory;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.zip.InflaterInputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageOutputStream;

/** Pictures from and to JPEG and PNG files. */
final class PictureFiles {
    private static final long MAX_PIXELS = 178_956_970; // 0.54 GB of pixels, the limit of the Python package too
    private static final float JPEG_QUALITY = 0.95f;

    private PictureFiles() {}

    /**
     * Reads a JPEG or PNG file (or what else this Java reads), upright by its EXIF orientation, in sRGB
     * by its colour profile (CMYK without one by the plain formula), on white where it is transparent. Of several
     * frames or pages the first one is taken, and a line on stderr says so.
     *
     * @throws AdainException missing, no picture, broken, cut short, or of more than 178,956,970 pixels
     */
    static Picture read(Path file) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException error) {
            throw new AdainException(file + " does not exist or cannot be read; check the path and its rights", error);
        }
        Picture picture = Picture.of(decode(bytes, file));
        return upright(picture, orientation(bytes));
    }

    /** The format that a file's suffix stands for: {@code png} or {@code jpeg}. */
    static String format(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".png")) {
            return "png";
        }
        if (name.endsWith(".jpg") || name.endsWith(".jpeg")) {
            return "jpeg";
        }
        throw new AdainException(file + " has no suffix of a format that is written; give .png, .jpg or .jpeg");
    }

    /**
     * Writes a file, whole or not at all.
     *
     * @throws AdainException the suffix is unknown, or the file cannot be written
     */
    static void write(Picture picture, Path file) {
        Path part = file.resolveSibling(".%s-%d.part"
                .formatted(file.getFileName(), ProcessHandle.current().pid()));
        try {
            byte[] bytes = encode(picture.toImage(), format(file));
            try {
                Files.write(part, bytes);
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException error) {
            throw new AdainException(
                    file + " cannot be written; check the folder, its rights and the free space", error);
        }
    }

    private static BufferedImage decode(byte[] bytes, Path file) {
        try (ImageInputStream stream = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
            if (!readers.hasNext()) {
                throw new AdainException(file + " is no picture that Java reads; convert it to JPEG or PNG");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(stream);
                long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
                if (pixels > MAX_PIXELS) {
                    throw new AdainException("%s has %d pixels; at most %d are read; make it smaller"
                            .formatted(file, pixels, MAX_PIXELS));
                }
                List<String> warnings = new ArrayList<>();
                reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
                BufferedImage image = reader.read(0);
                // Of a JPEG that is cut short, Java makes a picture with a grey rest.
                if (warnings.stream().anyMatch(warning -> warning.startsWith("Truncated"))) {
                    throw new IOException("cut short");
                }
                // Of a JPEG, further pictures are previews and the like.
                int count = reader.getFormatName().equalsIgnoreCase("jpeg") ? 1 : reader.getNumImages(true);
                if (count > 1) {
                    System.err.printf("adain: %s has %d frames or pages; the first one is taken%n", file, count);
                }
                return withProfile(image, profile(reader.getImageMetadata(0)));
            } finally {
                reader.dispose();
            }
        } catch (AdainException error) {
            throw error;
        } catch (IOException | RuntimeException error) { // broken bytes lead the decoders to any error
            throw new AdainException(
                    file + " is broken, cut short, or of a kind that Java does not read; convert it to JPEG or PNG",
                    error);
        }
    }

    /** The colour profile of a PNG file, which its reader gives but does not heed; null where there is none. */
    private static ICC_Profile profile(IIOMetadata metadata) throws IOException {
        String format = "javax_imageio_png_1.0";
        if (metadata == null || !format.equals(metadata.getNativeMetadataFormatName())) {
            return null;
        }
        var found = ((IIOMetadataNode) metadata.getAsTree(format)).getElementsByTagName("iCCP");
        if (found.getLength() == 0) {
            return null;
        }
        byte[] packed = (byte[]) ((IIOMetadataNode) found.item(0)).getUserObject();
        try (InputStream stream = new InflaterInputStream(new ByteArrayInputStream(packed))) {
            return ICC_Profile.getInstance(stream.readNBytes(1 << 24));
        } catch (IOException | IllegalArgumentException error) {
            return null; // a broken profile says nothing
        }
    }

    /** The image with its colours told to be those of the profile, where that is one of RGB. */
    private static BufferedImage withProfile(BufferedImage image, ICC_Profile profile) {
        if (profile == null
                || profile.getColorSpaceType() != ColorSpace.TYPE_RGB
                || image.getColorModel().getColorSpace().getType() != ColorSpace.TYPE_RGB) {
            return image;
        }
        boolean hasAlpha = image.getColorModel().hasAlpha();
        int type = hasAlpha ? BufferedImage.TYPE_4BYTE_ABGR : BufferedImage.TYPE_3BYTE_BGR;
        BufferedImage plain = new BufferedImage(image.getWidth(), image.getHeight(), type);
        plain.createGraphics().drawImage(image, 0, 0, null);
        int transparency = image.getColorModel().getTransparency();
        ColorModel model = new ComponentColorModel(
                new ICC_ColorSpace(profile), hasAlpha, false, transparency, DataBuffer.TYPE_BYTE);
        return new BufferedImage(model, plain.getRaster(), false, null);
    }

    private static byte[] encode(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName(format).next();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(bytes)) {
            writer.setOutput(stream);
            ImageWriteParam options = writer.getDefaultWriteParam();
            if (format.equals("jpeg")) {
                options.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
                options.setCompressionQuality(JPEG_QUALITY);
            }
            writer.write(null, new IIOImage(image, null, null), options);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /** The EXIF orientation, 1 to 8; 1 is upright, and what is taken where there is none. */
    private static int orientation(byte[] bytes) {
        try {
            var exif = ImageMetadataReader.readMetadata(new ByteArrayInputStream(bytes))
                    .getFirstDirectoryOfType(ExifIFD0Directory.class);
            return exif == null ? 1 : exif.getInt(ExifIFD0Directory.TAG_ORIENTATION);
        } catch (ImageProcessingException | MetadataException | IOException | RuntimeException error) {
            return 1; // broken EXIF data says nothing
        }
    }

    private static Picture upright(Picture from, int orientation) {
        if (orientation < 2 || orientation > 8) {
            return from;
        }
        boolean transposed = orientation >= 5;
        boolean mirrored = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean flipped = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        int width = transposed ? from.height() : from.width();
        int height = transposed ? from.width() : from.height();
        byte[] rgb = new byte[from.rgb().length];
        for (int y = 0, to = 0; y < height; y++) {
            for (int x = 0; x < width; x++, to += 3) {
                int column = transposed ? y : x;
                int row = transposed ? x : y;
                column = mirrored ? from.width() - 1 - column : column;
                row = flipped ? from.height() - 1 - row : row;
                System.arraycopy(from.rgb(), 3 * (row * from.width() + column), rgb, to, 3);
            }
        }
        return new Picture(width, height, rgb);
    }
}
