//! Reads rows in the binary form: what is accepted is written with the same bytes, and adds twice
//! what it adds once; nothing is added of what is refused.
//!
//! The checksum is appended, which no input would guess.
#![no_main]

use core_actions::{
    BinaryForm, Count, Histogram, Last, Level, Mean, MinMax, Outcomes, Quantiles, RowsReader,
    RowsWriter, Signed, Summary, TopK, Values, Variance,
};
use core_time::Stamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    assert!(RowsReader::new(content).is_err() || content.len() > 12);
    let mut bytes = content.to_vec();
    bytes.extend(crc32fast::hash(content).to_le_bytes());
    let Ok(reader) = RowsReader::new(&bytes) else { return };
    match reader.tag() {
        "count" => check::<Count>(&bytes, &reader),
        "mean" => check::<Mean>(&bytes, &reader),
        "variance" => check::<Variance>(&bytes, &reader),
        "minmax" => check::<MinMax>(&bytes, &reader),
        "quantiles" => check::<Quantiles>(&bytes, &reader),
        "histogram" => check::<Histogram>(&bytes, &reader),
        "values" => check::<Values>(&bytes, &reader),
        "top3" => check::<TopK<3>>(&bytes, &reader),
        "summary" => check::<Summary>(&bytes, &reader),
        "outcomes" => check::<Outcomes>(&bytes, &reader),
        "last" => check::<Last>(&bytes, &reader),
        "level" => check::<Level>(&bytes, &reader),
        "signed(mean)" => check::<Signed<Mean>>(&bytes, &reader),
        "signed(minmax)" => check::<Signed<MinMax>>(&bytes, &reader),
        "mean+minmax+quantiles" => check::<(Mean, MinMax, Quantiles)>(&bytes, &reader),
        _ => {}
    }
    // Whatever the tag, of another statistic nothing is read.
    let mut is_called = false;
    let other = reader.add_each::<(Count, Count)>(|_, bytes| {
        is_called = true;
        <(Count, Count)>::default().add_from(bytes)
    });
    assert!(other.is_err() && !is_called || reader.tag() == "count+count");
});

type Rows<S> = Vec<(Stamp, Vec<(String, u64, S)>)>;

fn check<S: BinaryForm>(bytes: &[u8], reader: &RowsReader<'_>) {
    let mut rows: Rows<S> = Vec::new();
    let read = reader.add_each::<S>(|row, bytes| {
        if rows.last().is_none_or(|(start, _)| *start < row.start) {
            rows.push((row.start, Vec::new()));
        }
        let mut statistic = S::default();
        statistic.add_from(bytes)?;
        rows.last_mut().expect("was added").1.push((row.name.to_owned(), row.first, statistic));
        Ok(())
    });
    if read.is_err() {
        assert!(rows.is_empty());
        return;
    }
    let mut writer = RowsWriter::<S>::new(reader.header());
    for (start, block) in &rows {
        writer.block(*start, block.iter().map(|(name, first, it)| (name.as_str(), *first, it)));
    }
    assert_eq!(writer.finish(), bytes);
    let mut twice = rows.clone();
    let mut each = twice.iter_mut().flat_map(|(_, block)| block);
    let added = reader.add_each::<S>(|_, bytes| {
        let (_, _, statistic) = each.next().expect("as many rows");
        let mut merged = statistic.clone();
        if merged.can_merge(statistic) {
            merged.merge(&statistic.clone());
            statistic.add_from(bytes)?;
            assert_eq!(written(statistic), written(&merged));
        } else {
            statistic.check(bytes).expect_err("does not fit");
        }
        Ok(())
    });
    let _ = added; // An overflow ends the reading elsewhere.
}

fn written<S: BinaryForm>(statistic: &S) -> Vec<u8> {
    let mut writer = core_actions::BinaryWriter::default();
    statistic.write(&mut writer);
    writer.into_bytes()
}
