use std::fs;
use std::path::Path;

use crate::Error;

/// A style: S opaque, finite numbers that belong to the model whose encoder made them.
#[derive(Debug, Clone, PartialEq)]
pub struct Code(pub Vec<f32>);

impl Code {
    /// Reads a code of little-endian float32: a `.npy` file of shape [S] or [1,S], as `adain styles PICTURE` and
    /// `numpy.save` write it, or a `.f32` file of the bare numbers.
    ///
    /// # Errors
    /// [`Error::Style`] when the file cannot be read or holds anything else.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let read = || {
            let data = fs::read(path).map_err(|error| error.to_string())?;
            let suffix = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            match suffix.as_str() {
                "npy" => floats(npy_values(&data)?),
                "f32" => floats(&data),
                _ => Err(format!("the suffix is {suffix:?}; npy or f32 was expected")),
            }
        };
        read().map(Self).map_err(|problem| {
            Error::Style(format!(
                "{} cannot be read as a style ({problem}); give a file as `adain styles PICTURE` writes it",
                path.display()
            ))
        })
    }

    /// The weighted mean of codes of one model: the style between them. Weights are 0 or more; only their
    /// proportion matters.
    ///
    /// # Errors
    /// [`Error::Range`] when a weight is negative or not finite, or all are 0; [`Error::Style`] when codes have
    /// different lengths or are not finite.
    pub fn blend(parts: &[(&Code, f64)]) -> Result<Self, Error> {
        let weights: Vec<f64> = parts.iter().map(|(_, weight)| *weight).collect();
        let total: f64 = weights.iter().sum();
        let valid = weights.iter().all(|weight| *weight >= 0.0); // not of NaN
        if !valid || !total.is_finite() || total == 0.0 {
            return Err(Error::Range(format!(
                "the weights are {weights:?}; give finite numbers of 0 or more, not all of them 0"
            )));
        }
        let mut mean = vec![0.0; parts[0].0.0.len()];
        for (code, weight) in parts {
            code.check(mean.len())?;
            for (sum, value) in mean.iter_mut().zip(&code.0) {
                *sum += weight / total * f64::from(*value);
            }
        }
        Ok(Self(mean.into_iter().map(|value| value as f32).collect()))
    }

    /// Tells whether this is a code of a model that takes codes of this size.
    pub(crate) fn check(&self, size: usize) -> Result<(), Error> {
        if self.0.len() != size {
            return Err(Error::Style(format!(
                "a style code has {} values, {size} were expected; encode the style with this model",
                self.0.len()
            )));
        }
        match self.0.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(i) => Err(Error::Style(format!(
                "value {i} of a style code is {}; codes are finite, encode the style again",
                self.0[i]
            ))),
        }
    }
}

fn floats(data: &[u8]) -> Result<Vec<f32>, String> {
    let (values, rest) = data.as_chunks::<4>();
    if values.is_empty() || !rest.is_empty() {
        return Err(format!("{} bytes are no row of float32", data.len()));
    }
    Ok(values.iter().copied().map(f32::from_le_bytes).collect())
}

/// The part of a `.npy` file behind its header (format versions 1 to 3, described in `numpy.lib.format`), of a
/// float32 array of shape [S] or [1,S].
fn npy_values(data: &[u8]) -> Result<&[u8], String> {
    let rest = data.strip_prefix(b"\x93NUMPY").unwrap_or_default();
    let (header, values) = match rest {
        [1, _, a, b, rest @ ..] => rest.split_at_checked(u16::from_le_bytes([*a, *b]).into()),
        [2 | 3, _, a, b, c, d, rest @ ..] => {
            let length = u32::from_le_bytes([*a, *b, *c, *d]);
            rest.split_at_checked(length.try_into().unwrap_or(usize::MAX))
        }
        _ => return Err("it is no .npy file".into()),
    }
    .ok_or("its header is cut off")?;

    let header = String::from_utf8_lossy(header);
    let fields = header.replace(' ', "");
    let shape = fields.split_once("'shape':(").and_then(|(_, rest)| rest.split_once(')'));
    let size = shape.and_then(|(shape, _)| {
        let row = shape.strip_suffix(',').unwrap_or(shape);
        row.strip_prefix("1,").unwrap_or(row).parse::<u32>().ok()
    });
    match size {
        Some(size) if fields.contains("'descr':'<f4'") => {
            if values.len() as u64 == 4 * u64::from(size) {
                Ok(values)
            } else {
                Err(format!("it has {} bytes of values, for {size} float32 values", values.len()))
            }
        }
        _ => Err(format!(
            "it holds {}; little-endian float32 ('<f4') of shape (S,) or (1, S) was expected",
            header.trim()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

    /// A `.npy` file with this header, padded as numpy pads it.
    fn npy(version: u8, header: &str, values: &[f32]) -> Vec<u8> {
        let header = format!("{header}{}\n", " ".repeat(40));
        let mut data = b"\x93NUMPY".to_vec();
        data.extend([version, 0]);
        match version {
            1 => data.extend((header.len() as u16).to_le_bytes()),
            _ => data.extend((header.len() as u32).to_le_bytes()),
        }
        data.extend(header.as_bytes());
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        data
    }

    fn read(data: &[u8]) -> Result<Vec<f32>, String> {
        floats(npy_values(data)?)
    }

    #[test]
    fn reads_npy() {
        let expected = vec![1.5, -2.0];
        let matrix = HEADER.replace("(2,)", "(1, 2)");
        for data in [npy(1, HEADER, &expected), npy(2, HEADER, &expected), npy(1, &matrix, &expected)] {
            assert_eq!(read(&data), Ok(expected.clone()));
        }
    }

    #[test]
    fn refuses_other_files() {
        let with = |old, new| npy(1, &HEADER.replace(old, new), &[1.5, -2.0]);
        let good = npy(1, HEADER, &[1.5, -2.0]);
        let cases: &[(&str, &[u8], &str)] = &[
            ("empty", b"", "no .npy file"),
            ("picture", b"\x89PNG\r\n\x1a\n0000", "no .npy file"),
            ("version 9", &npy(9, HEADER, &[1.5, -2.0]), "no .npy file"),
            ("torn header", &good[..40], "cut off"),
            ("long header", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "cut off"),
            ("torn values", &good[..good.len() - 1], "7 bytes of values"),
            ("too long", &[&good[..], b"\0"].concat(), "9 bytes of values"),
            ("float64", &with("<f4", "<f8"), "<f8"),
            ("big-endian", &with("<f4", ">f4"), ">f4"),
            ("two codes", &with("(2,)", "(2, 1)"), "(2, 1)"),
            ("scalar", &with("(2,)", "()"), "()"),
            ("no values", &npy(1, &HEADER.replace("(2,)", "(0,)"), &[]), "0 bytes"),
            ("huge", &with("(2,)", "(99999999999999999999,)"), "9999"),
        ];
        for (name, data, part) in cases {
            let problem = read(data).expect_err(name);
            assert!(problem.contains(part), "{name}: {problem}");
        }
        assert!(floats(&good[..7]).unwrap_err().contains("7 bytes"));
    }

    #[test]
    fn blends() {
        let (a, b) = (Code(vec![0.0, 4.0, -8.0]), Code(vec![8.0, 4.0, 0.0]));
        assert_eq!(Code::blend(&[(&a, 1.0), (&b, 3.0)]).unwrap(), Code(vec![6.0, 4.0, -2.0]));
    }

    #[test]
    fn refuses_blends() {
        let (code, short) = (Code(vec![1.0, 2.0]), Code(vec![1.0]));
        let infinite = Code(vec![1.0, f32::INFINITY]);
        let cases: &[(&[(&Code, f64)], &str)] = &[
            (&[], "the weights are []"),
            (&[(&code, 2.0), (&code, -1.0)], "[2.0, -1.0]"),
            (&[(&code, f64::NAN), (&code, 1.0)], "NaN"),
            (&[(&code, f64::INFINITY), (&code, 1.0)], "inf"),
            (&[(&code, 0.0), (&code, 0.0)], "not all of them 0"),
            (&[(&code, 1.0), (&short, 1.0)], "1 values, 2 were expected"),
            (&[(&code, 1.0), (&infinite, 1.0)], "value 1"),
        ];
        for (parts, part) in cases {
            let message = Code::blend(parts).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
