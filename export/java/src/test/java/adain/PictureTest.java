package adain;

import static adain.StylizerTest.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureTest {
    @Test
    void bytesMustFitTheSize() {
        refused("2 x 3 pixels with 17 bytes", () -> new Picture(2, 3, new byte[17]));
        refused("-2 x -3", () -> new Picture(-2, -3, new byte[18]));
        refused("65536 x 65536", () -> new Picture(65536, 65536, new byte[0])); // 0 in 32 bits
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_INT_RGB,
                BufferedImage.TYPE_INT_ARGB,
                BufferedImage.TYPE_3BYTE_BGR,
                BufferedImage.TYPE_4BYTE_ABGR,
            })
    void thereAndBack(int type) {
        Picture picture = Fixtures.gradient(5, 3);
        BufferedImage image = new BufferedImage(5, 3, type);
        image.createGraphics().drawImage(picture.toImage(), 0, 0, null);
        assertEquals(5, image.getWidth());
        assertArrayEquals(picture.rgb(), Picture.of(image).rgb());
    }

    @Test
    void veryLongPaintingsHaveThePixelsOfOneEightTimesAsLongAsWide() {
        int[][] sizes = {{700, 900, 512}, {4096, 512, 512}, {8, 800, 145}, {800, 8, 145}, {20, 200_000, 16}};
        for (int[] each : sizes) {
            assertEquals(each[2], new Picture(each[0], each[1], new byte[3 * each[0] * each[1]]).usualSize());
        }
    }

    @Test
    void transparentPixelsAreLaidOnWhite() {
        BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00ff0000);
        image.setRGB(1, 0, 0x80000000);
        image.setRGB(2, 0, 0xff102030);
        assertArrayEquals(new int[] {255, 255, 255, 127, 127, 127, 0x10, 0x20, 0x30}, values(image));
    }

    @Test
    void greyIsNotBrightened() {
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
            BufferedImage image = new BufferedImage(2, 1, type);
            int white = type == BufferedImage.TYPE_BYTE_GRAY ? 255 : 65535;
            image.getRaster().setSample(0, 0, 0, white);
            image.getRaster().setSample(1, 0, 0, white / 5 * 2);
            assertArrayEquals(new int[] {255, 255, 255, 102, 102, 102}, values(image));
        }
    }

    @Test
    void greyWithAlpha() {
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_GRAY),
                true,
                false,
                Transparency.TRANSLUCENT,
                DataBuffer.TYPE_BYTE);
        WritableRaster raster = model.createCompatibleWritableRaster(2, 1);
        raster.setPixel(0, 0, new int[] {100, 255});
        raster.setPixel(1, 0, new int[] {100, 0});
        BufferedImage image = new BufferedImage(model, raster, false, null);
        assertArrayEquals(new int[] {100, 100, 100, 255, 255, 255}, values(image));
    }

    @Test
    void otherColourSpacesBecomeSrgb() {
        ComponentColorModel model = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_LINEAR_RGB),
                false,
                false,
                Transparency.OPAQUE,
                DataBuffer.TYPE_BYTE);
        WritableRaster raster = model.createCompatibleWritableRaster(1, 1);
        raster.setPixel(0, 0, new int[] {0, 55, 255});
        int[] got = values(new BufferedImage(model, raster, false, null));
        assertEquals(0, got[0], 1);
        assertEquals(128, got[1], 2); // 55 of 255 in linear light
        assertEquals(255, got[2], 1);
    }

    private static int[] values(BufferedImage image) {
        byte[] rgb = Picture.of(image).rgb();
        int[] values = new int[rgb.length];
        for (int i = 0; i < rgb.length; i++) {
            values[i] = rgb[i] & 0xff;
        }
        return values;
    }
}
