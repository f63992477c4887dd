//! Checks that decoding returns what was encoded.
#![no_main]

use codec::{ActionName, ActionTime, DecodeOptions, Format, Record, encode_rows};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|actions: Vec<(String, u64, bool)>| {
    let actions: Vec<_> = actions
        .iter()
        .filter(|(name, ..)| ActionName::new(name).is_ok())
        .filter_map(|(name, bits, is_float)| {
            let float = ActionTime::try_from(f64::from_bits(*bits)).ok();
            let time = if *is_float { float } else { Some(ActionTime::from(*bits)) };
            time.map(|time| (name.as_str(), time))
        })
        .collect();
    let rows = actions.iter().map(|&(name, time)| [name.into(), time.into()]);
    let text = encode_rows(Format::Ndjson, ["action", "time"], rows);
    let mut left = actions.iter();
    let report =
        DecodeOptions::default().decode_slice(text.as_bytes(), &mut |record: Record<'_>| {
            assert_eq!(left.next(), Some(&(record.name.as_str(), record.time)), "{text}");
        });
    assert_eq!((report.refused, left.next()), (0, None), "{text}");
});
