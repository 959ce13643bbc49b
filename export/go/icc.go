package adain

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"io"
	"math"
)

// Colour profiles (ICC.1:2022) that say where red, green and blue lie and which curve each has, as those of cameras,
// phones and screens do. Profiles of another kind, with tables, and broken ones are passed over.

// findProfile is the ICC profile in a JPEG or PNG file, or nil.
func findProfile(data []byte, format string) []byte {
	if format == "png" {
		for at := 8; at+8 <= len(data); {
			size := int(binary.BigEndian.Uint32(data[at:]))
			if size > len(data)-at-8 {
				break
			}
			if body := data[at+8:][:size]; string(data[at+4:at+8]) == "iCCP" {
				_, packed, _ := bytes.Cut(body, []byte{0}) // behind its name: the method, then zlib
				reader, err := zlib.NewReader(bytes.NewReader(packed[min(1, len(packed)):]))
				if err != nil {
					return nil
				}
				profile, _ := io.ReadAll(io.LimitReader(reader, 1<<24))
				return profile
			}
			at += size + 12
		}
		return nil
	}
	var profile []byte // in one or more segments, in their order
	for at := 2; at+4 <= len(data) && data[at] == 0xff && data[at+1] != 0xda; {
		size := int(binary.BigEndian.Uint16(data[at+2:]))
		if size < 2 || size > len(data)-at-2 {
			break
		}
		body := data[at+4:][:size-2]
		if data[at+1] == 0xe2 && len(body) > 14 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")) {
			profile = append(profile, body[14:]...)
		}
		at += size + 2
	}
	return profile
}

// toSRGB converts the colours of a picture by an ICC profile, where it can.
func toSRGB(picture *image.NRGBA, profile []byte) {
	matrix, curves, ok := parseProfile(profile)
	if !ok {
		return
	}
	var encoded [4096]byte // sRGB values of linear light
	for i := range encoded {
		encoded[i] = encodeSRGB(float64(i) / float64(len(encoded)-1))
	}
	for pixels := picture.Pix; len(pixels) >= 4; pixels = pixels[4:] {
		var light [3]float64
		for i := range light {
			light[i] = curves[i][pixels[i]]
		}
		for i, row := range matrix {
			value := row[0]*light[0] + row[1]*light[1] + row[2]*light[2]
			if value > 0.01 {
				pixels[i] = encoded[int(min(value, 1)*float64(len(encoded)-1)+0.5)]
			} else { // where the curve is steep
				pixels[i] = encodeSRGB(max(value, 0))
			}
		}
	}
}

func encodeSRGB(light float64) byte {
	if light <= 0.0031308 {
		return byte(math.Round(255 * 12.92 * light))
	}
	return byte(math.Round(255 * (1.055*math.Pow(light, 1/2.4) - 0.055)))
}

// fromPCS is the matrix from the profile connection space, XYZ under D50, to linear sRGB (IEC 61966-2-1, adapted by
// Bradford's method).
var fromPCS = [3][3]float64{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

// parseProfile is the matrix from the linear light of a profile's colours to that of sRGB, and the light of each of the
// 256 values of a colour.
func parseProfile(profile []byte) (matrix [3][3]float64, curves [3][256]float64, ok bool) {
	if len(profile) < 132 || string(profile[16:20]) != "RGB " || string(profile[20:24]) != "XYZ " {
		return matrix, curves, false
	}
	tags := map[string][]byte{}
	count := min(binary.BigEndian.Uint32(profile[128:]), 100)
	for entry := profile[132:]; count > 0 && len(entry) >= 12; count, entry = count-1, entry[12:] {
		start, size := uint64(binary.BigEndian.Uint32(entry[4:])), uint64(binary.BigEndian.Uint32(entry[8:]))
		if start+size <= uint64(len(profile)) {
			tags[string(entry[:4])] = profile[start : start+size]
		}
	}
	for i, colour := range []string{"r", "g", "b"} {
		place := tags[colour+"XYZ"]
		if tags["A2B0"] != nil || len(place) < 20 || !parseCurve(tags[colour+"TRC"], &curves[i]) {
			return matrix, curves, false
		}
		for row := range matrix {
			for j := range 3 {
				matrix[row][i] += fromPCS[row][j] * fixed(place[8+4*j:])
			}
		}
	}
	return matrix, curves, true
}

// parseCurve fills in the light of 256 values by a tag of type curv (section 10.6) or para (10.18).
func parseCurve(tag []byte, curve *[256]float64) bool {
	if len(tag) < 12 {
		return false
	}
	light := func(x float64) float64 { return x }
	switch body := tag[12:]; string(tag[:4]) {
	case "curv":
		count := int(binary.BigEndian.Uint32(tag[8:]))
		switch {
		case count > len(body)/2:
			return false
		case count == 1:
			gamma := float64(binary.BigEndian.Uint16(body)) / 256
			light = func(x float64) float64 { return math.Pow(x, gamma) }
		case count > 1:
			entry := func(i int) float64 { return float64(binary.BigEndian.Uint16(body[2*i:])) / 65535 }
			light = func(x float64) float64 {
				at := x * float64(count-1)
				i := min(int(at), count-2)
				return entry(i) + (at-float64(i))*(entry(i+1)-entry(i))
			}
		}
	case "para":
		kind, counts := int(binary.BigEndian.Uint16(tag[8:])), []int{1, 3, 4, 5, 7}
		if kind >= len(counts) || len(body) < 4*counts[kind] {
			return false
		}
		p := [7]float64{0, 1, 0, 0, math.Inf(-1), 0, 0} // g a b c d e f: y = (a x + b)^g + e from d on, else c x + f
		for i := range counts[kind] {
			p[i] = fixed(body[4*i:])
		}
		switch kind {
		case 1:
			p[4] = -p[2] / p[1]
		case 2:
			p[3], p[4], p[5], p[6] = 0, -p[2]/p[1], p[3], p[3]
		}
		light = func(x float64) float64 {
			if x >= p[4] {
				return math.Pow(p[1]*x+p[2], p[0]) + p[5]
			}
			return p[3]*x + p[6]
		}
	default:
		return false
	}
	for i := range curve {
		if curve[i] = light(float64(i) / 255); math.IsNaN(curve[i]) {
			return false
		}
	}
	return true
}

// fixed is an s15Fixed16Number.
func fixed(data []byte) float64 { return float64(int32(binary.BigEndian.Uint32(data))) / 65536 }
