//! TensorBoard's event files: records of protocol buffers, each behind its length and a checksum
//! (`tensorflow/core/lib/io/record_writer.h`, `tensorflow/core/util/event.proto`). Knows nothing of runs.

/// Version of the format, which the first record of a file names.
const VERSION: &str = "brain.Event:2";

/// Wire types of protocol buffers.
const VARINT: u64 = 0;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

/// An event file in the making. Events have no wall time, so that equal numbers are equal bytes.
pub struct EventFile {
    bytes: Vec<u8>,
}

impl EventFile {
    /// A file without events.
    pub fn new() -> Self {
        let mut file = Self { bytes: Vec::new() };
        let mut event = Vec::new();
        put_bytes(&mut event, 3, VERSION.as_bytes());
        file.put_record(&event);
        file
    }

    /// Adds the numbers that were known after `step`, by tag.
    pub fn add(&mut self, step: u64, scalars: &[(String, f64)]) {
        let mut summary = Vec::new();
        for (tag, number) in scalars {
            let mut value = Vec::new();
            put_bytes(&mut value, 1, tag.as_bytes());
            put_key(&mut value, 2, FIXED_32);
            value.extend((*number as f32).to_le_bytes());
            put_bytes(&mut summary, 1, &value);
        }
        let mut event = Vec::new();
        put_key(&mut event, 2, VARINT);
        put_varint(&mut event, step);
        put_bytes(&mut event, 5, &summary);
        self.put_record(&event);
    }

    /// Everything so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn put_record(&mut self, data: &[u8]) {
        let length = (data.len() as u64).to_le_bytes();
        self.bytes.extend(length);
        self.bytes.extend(masked_checksum(&length).to_le_bytes());
        self.bytes.extend(data);
        self.bytes.extend(masked_checksum(data).to_le_bytes());
    }
}

/// CRC-32C, turned and shifted as the format has it, so that a checksum of data that hold one differs from it.
fn masked_checksum(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn put_key(message: &mut Vec<u8>, field: u64, wire_type: u64) {
    put_varint(message, field << 3 | wire_type);
}

fn put_bytes(message: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_key(message, field, BYTES);
    put_varint(message, bytes.len() as u64);
    message.extend(bytes);
}

fn put_varint(message: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_with_its_version_as_tensorboard_writes_it() {
        // Written by tensorboard 2.21 (EventFileWriter) but for the wall time, which its first event has.
        let version = b"\x1a\x0dbrain.Event:2";
        assert_eq!(&EventFile::new().bytes()[12..12 + version.len()], version);
        // Of the length 24, as every file of TensorBoard begins.
        assert_eq!(masked_checksum(&24u64.to_le_bytes()).to_le_bytes(), [0xa3, 0x7f, 0x4b, 0x22]);
    }

    #[test]
    fn a_longer_file_begins_with_the_shorter_one() {
        let mut file = EventFile::new();
        file.add(16384, &[("train/loss".into(), 0.5)]);
        let shorter = file.bytes().to_vec();
        file.add(
            u64::MAX,
            &[("train/loss".into(), f64::NAN), ("eval/diamond/true_return".into(), -1.0)],
        );
        assert!(file.bytes().starts_with(&shorter) && file.bytes().len() > shorter.len());
    }
}
