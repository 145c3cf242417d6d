//! Uploaded pictures, drawn anew: what is kept is made of pixels alone, so that nothing else a file may carry (a place, a
//! camera, a page, a program) reaches anybody. Of an animation the first frame is kept.

use std::io::Cursor;
use std::sync::Arc;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, Frame, ImageDecoder, ImageFormat, ImageReader, ImageResult, Limits};
use tokio::sync::Semaphore;
use workforceos_core::error::{Error, Result, Status};

/// The most pixels in each direction of what is kept.
const SIDE: u32 = 1024;
/// The most pixels of what is uploaded; a decoder takes up to some 10 bytes for each.
const MAX_PIXELS: u64 = 25_000_000;
const MAX_SIDE: u32 = 16_384;
/// What a decoder may allocate, the picture included.
const MAX_ALLOC: u64 = 256 * 1024 * 1024;
const JPEG_QUALITY: u8 = 85;
/// The most pictures drawn at once: each may take a second of a core.
const MAX_SLOTS: usize = 4;

/// The types of pictures that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Png,
    Jpeg,
    WebP,
    Gif,
}

impl Kind {
    /// The type of a picture by its first bytes, whatever its name or the client says.
    fn of(bytes: &[u8]) -> Option<Kind> {
        match image::guess_format(bytes).ok()? {
            ImageFormat::Png => Some(Kind::Png),
            ImageFormat::Jpeg => Some(Kind::Jpeg),
            ImageFormat::WebP => Some(Kind::WebP),
            ImageFormat::Gif => Some(Kind::Gif),
            _ => None,
        }
    }

    fn format(self) -> ImageFormat {
        match self {
            Kind::Png => ImageFormat::Png,
            Kind::Jpeg => ImageFormat::Jpeg,
            Kind::WebP => ImageFormat::WebP,
            Kind::Gif => ImageFormat::Gif,
        }
    }

    pub fn mime_type(self) -> &'static str {
        self.format().to_mime_type()
    }

    /// Endings of file names, the usual one first.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Kind::Png => &["png"],
            Kind::Jpeg => &["jpg", "jpeg"],
            Kind::WebP => &["webp"],
            Kind::Gif => &["gif"],
        }
    }
}

/// A picture as it is kept.
#[derive(Debug)]
pub struct Picture {
    pub kind: Kind,
    pub bytes: Vec<u8>,
}

/// Draws pictures on a few threads of the blocking pool, half of the cores at most.
#[derive(Clone)]
pub struct Pictures {
    slots: Arc<Semaphore>,
}

impl Pictures {
    pub fn on_half_the_cores() -> Pictures {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Pictures { slots: Arc::new(Semaphore::new((cores / 2).clamp(1, MAX_SLOTS))) }
    }

    /// An uploaded picture as it is to be kept. 415 if it is of no type that is kept, 400 if it cannot be read.
    pub async fn draw(&self, bytes: Vec<u8>) -> Result<Picture> {
        let slot = self.slots.clone().acquire_owned().await.map_err(Error::internal)?;
        let draw = move || {
            // The slot is taken until the work is done, also if nobody waits for it any more.
            let _slot = slot;
            redraw(&bytes)
        };
        // A decoder that gives up with a panic met a picture that it cannot read.
        tokio::task::spawn_blocking(draw).await.unwrap_or_else(|_| Err(unreadable()))
    }
}

fn redraw(bytes: &[u8]) -> Result<Picture> {
    let kind = Kind::of(bytes).ok_or_else(unsupported)?;
    let picture = decode(kind, bytes)?;
    let bytes = encode(kind, &picture).map_err(Error::internal)?;
    Ok(Picture { kind, bytes })
}

/// The picture upright, and no larger than it is kept.
fn decode(kind: Kind, bytes: &[u8]) -> Result<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind.format());
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| told(&error))?;
    // Decoders take these limits as they see fit: what counts is looked at before anything is allocated.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_ALLOC {
        return Err(too_many_pixels());
    }
    if kind == Kind::Jpeg && !ends(bytes) {
        return Err(unreadable());
    }
    let orientation = decoder.orientation().map_err(|error| told(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| told(&error))?;
    // The frame that it has to fit into is a square: turning it afterwards comes to the same and is cheaper.
    if width > SIDE || height > SIDE {
        picture = picture.resize(SIDE, SIDE, FilterType::Triangle);
    }
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Whether a JPEG file has its end marker: the decoder would fill up what is missing with grey.
fn ends(bytes: &[u8]) -> bool {
    let scan = bytes.windows(2).rposition(|two| two == [0xff, 0xda]);
    scan.is_some_and(|scan| bytes[scan..].windows(2).any(|two| two == [0xff, 0xd9]))
}

fn encode(kind: Kind, picture: &DynamicImage) -> ImageResult<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    match kind {
        Kind::Jpeg => picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY))?,
        Kind::Gif => GifEncoder::new(&mut out).encode_frame(Frame::new(picture.to_rgba8()))?,
        Kind::Png | Kind::WebP if picture.color().has_alpha() => picture.to_rgba8().write_to(&mut out, kind.format())?,
        Kind::Png | Kind::WebP => picture.to_rgb8().write_to(&mut out, kind.format())?,
    }
    Ok(out.into_inner())
}

fn unsupported() -> Error {
    let message = "file: is no picture of a type that is kept: PNG, JPEG, WebP or GIF, by its content";
    Error::new(Status::UnsupportedMedia, "UnsupportedMediaType", message)
}

fn unreadable() -> Error {
    Error::field("file", "is a damaged picture, or none")
}

fn too_many_pixels() -> Error {
    Error::field("file", "has too many pixels: 25 million at most, and 16,384 in each direction")
}

fn told(error: &image::ImageError) -> Error {
    match error {
        image::ImageError::Limits(_) => too_many_pixels(),
        _ => unreadable(),
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    /// A picture whose left half is red and whose right half is blue.
    fn halves(width: u32, height: u32) -> DynamicImage {
        let colour = |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        RgbImage::from_fn(width, height, colour).into()
    }

    fn file(kind: Kind, picture: &DynamicImage) -> Vec<u8> {
        encode(kind, picture).expect("encoded")
    }

    fn seen(picture: &Picture) -> DynamicImage {
        image::load_from_memory_with_format(&picture.bytes, picture.kind.format()).expect("a picture")
    }

    fn is_red(picture: &DynamicImage, x: u32, y: u32) -> bool {
        let [red, _, blue] = picture.to_rgb8().get_pixel(x, y).0;
        red > 200 && blue < 50
    }

    const KINDS: [Kind; 4] = [Kind::Png, Kind::Jpeg, Kind::WebP, Kind::Gif];

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    /// Puts a segment behind the first marker of a JPEG file.
    fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).expect("short").to_be_bytes();
        [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
    }

    /// EXIF that says how to turn the picture, and who made it.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02".to_vec();
        exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
        exif.extend([0x01, 0x3b, 0, 2, 0, 0, 0, 12, 0, 0, 0, 38, 0, 0, 0, 0]);
        exif.extend(b"Ann the 1st\0");
        exif
    }

    fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let body = [name.as_slice(), content].concat();
        let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        let crc = !body.iter().fold(u32::MAX, |crc, b| (0..8).fold(crc ^ u32::from(*b), step));
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        [length.as_slice(), &body, &crc.to_be_bytes()].concat()
    }

    /// A PNG file that promises a picture of this size.
    fn promise(width: u32, height: u32) -> Vec<u8> {
        let header = [width.to_be_bytes().as_slice(), &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
        [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &[0x78, 0x9c]), chunk(b"IEND", &[])].concat()
    }

    #[test]
    fn every_type_stays_what_it_is() {
        for kind in KINDS {
            let picture = redraw(&file(kind, &halves(64, 32))).expect("drawn");
            assert_eq!((picture.kind, Kind::of(&picture.bytes)), (kind, Some(kind)));
            let seen = seen(&picture);
            assert_eq!((seen.width(), seen.height()), (64, 32), "{kind:?}");
            assert!(is_red(&seen, 2, 2) && !is_red(&seen, 61, 2), "{kind:?}");
        }
    }

    #[test]
    fn transparency_stays() {
        let clear: DynamicImage = image::RgbaImage::from_pixel(8, 8, image::Rgba([0, 255, 0, 0])).into();
        for kind in [Kind::Png, Kind::WebP, Kind::Gif] {
            let picture = redraw(&file(kind, &clear)).expect("drawn");
            assert_eq!(seen(&picture).to_rgba8().get_pixel(4, 4).0[3], 0, "{kind:?}");
        }
    }

    #[test]
    fn large_pictures_are_scaled_down() {
        for (kind, width, height, expected) in
            [(Kind::Jpeg, 3000, 1500, (1024, 512)), (Kind::Png, 20, 2048, (10, 1024)), (Kind::WebP, 9000, 2, (1024, 1))]
        {
            let seen = seen(&redraw(&file(kind, &halves(width, height))).expect("drawn"));
            assert_eq!((seen.width(), seen.height()), expected, "{kind:?}");
        }
    }

    #[test]
    fn pictures_are_turned_upright_and_lose_their_metadata() {
        let plain = file(Kind::Jpeg, &halves(64, 32));
        let turned = with_segment(&plain, 0xe1, &exif(6));
        assert!(contains(&turned, b"Exif") && contains(&turned, b"Ann the 1st"));
        let picture = redraw(&turned).expect("drawn");
        assert!(!contains(&picture.bytes, b"Exif") && !contains(&picture.bytes, b"Ann the 1st"));
        let seen = seen(&picture);
        assert_eq!((seen.width(), seen.height()), (32, 64), "turned by a quarter");
        assert!(is_red(&seen, 16, 4) && !is_red(&seen, 16, 60), "the left half is now on top");
    }

    #[test]
    fn comments_and_text_are_gone() {
        let jpeg = with_segment(&file(Kind::Jpeg, &halves(8, 8)), 0xfe, b"secret note");
        let png = file(Kind::Png, &halves(8, 8));
        let at = png.len() - 12;
        let png = [&png[..at], &chunk(b"tEXt", b"Comment\0secret note"), &png[at..]].concat();
        for bytes in [jpeg, png] {
            assert!(!contains(&redraw(&bytes).expect("drawn").bytes, b"secret note"));
        }
    }

    #[test]
    fn what_follows_a_picture_is_gone() {
        for kind in KINDS {
            let page = [file(kind, &halves(8, 8)), b"<script>alert(1)</script>".to_vec()].concat();
            let picture = redraw(&page).expect("drawn");
            assert!(!contains(&picture.bytes, b"script"), "{kind:?}");
        }
    }

    #[test]
    fn a_page_that_begins_like_a_picture_is_none() {
        let error = redraw(b"GIF89a/*<html><script>alert(1)</script>*/").expect_err("refused");
        assert_eq!((error.status, &*error.code), (Status::Invalid, "ValidationFailed"));
    }

    #[test]
    fn other_types_are_refused() {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        for other in [&svg[..], b"%PDF-1.7", b"BM\0\0\0\0\0\0\0\0", b"II*\0\x08\0\0\0", b"PK\x03\x04", b"x", b"<!doctype html>"] {
            let error = redraw(other).expect_err("refused");
            assert_eq!((error.status, &*error.code), (Status::UnsupportedMedia, "UnsupportedMediaType"));
        }
    }

    #[test]
    fn damaged_pictures_are_refused() {
        for kind in KINDS {
            let whole = file(kind, &halves(256, 256));
            for part in [whole.len() / 2, 24] {
                let error = redraw(&whole[..part]).expect_err("refused");
                assert_eq!((error.status, &*error.code), (Status::Invalid, "ValidationFailed"), "{kind:?} {part}");
            }
        }
    }

    #[test]
    fn bombs_are_not_lit() {
        let mut bombs = vec![promise(30_000, 30_000), promise(6_000, 6_000), promise(16_385, 1), promise(u32::MAX, u32::MAX)];
        let mut gif = file(Kind::Gif, &halves(8, 8));
        gif[6..10].copy_from_slice(&[0x30, 0x75, 0x30, 0x75]);
        let mut jpeg = file(Kind::Jpeg, &halves(8, 8));
        let frame = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).expect("a frame");
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0x75, 0x30, 0x75, 0x30]);
        bombs.extend([gif, jpeg]);
        for bomb in bombs {
            let error = redraw(&bomb).expect_err("refused");
            assert_eq!(error.status, Status::Invalid);
            assert!(error.message.starts_with("file: "), "{}", error.message);
        }
    }
}
