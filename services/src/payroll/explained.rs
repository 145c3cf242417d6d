//! Explanations against the calculation: they read back what it was made of, and add up to it.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use workforceos_core::id::{CompanyId, UserId};
use workforceos_core::object::Meta;
use workforceos_core::objects::{PaymentStatus, PayrollReport};
use workforceos_core::time::Timestamp;

use super::compute::{Attended, Inputs, calculate};
use super::exact::{exact, hours, parse, whole};
use super::explanation::{Entry, lines, recalled};
use super::{report, vectors};

/// The report of some inputs, as it is stored and read again.
fn stored(inputs: &Inputs, bonus: Option<f64>, deduction: Option<f64>) -> PayrollReport {
    let told = calculate(inputs);
    let reread = |json: Json| serde_json::from_str(&json.to_string()).expect("JSON");
    let mut report = PayrollReport {
        meta: Meta::new(Uuid::from_u128(1), Timestamp(0), None),
        user_id: UserId(Uuid::from_u128(2)),
        period_start: inputs.from,
        period_end: inputs.to,
        total_hours_worked: hours(told.minutes()),
        overtime_hours: hours(told.overtime()),
        absence_days: told.absence_halves() / 2,
        absence_days_exact: told.absence_halves() as f64 / 2.0,
        open_records: told.open_records,
        bonus,
        deduction,
        salary_calculated: 0.0,
        payment_status: PaymentStatus::Pending,
        payment_date: None,
        notes: None,
        breakdown: reread(report::breakdown(&told)),
        absences: reread(report::absences(&told)),
        warnings: json!([]),
        calculated_from: reread(report::calculated_from(inputs)),
        calculated_at: Timestamp(0),
        earned: told.earned.to_string(),
        company_id: CompanyId(Uuid::from_u128(3)),
    };
    report::settle(&mut report).expect("the pay can be told");
    report
}

fn check(inputs: &Inputs, bonus: Option<f64>, deduction: Option<f64>) {
    let report = stored(inputs, bonus, deduction);
    let (recalled_inputs, calculation) = recalled(&report).expect("what was kept can be read");
    assert_eq!(recalled_inputs, Inputs { records: Vec::new(), ..inputs.clone() });
    assert_eq!(calculation, calculate(inputs));
    for with_parts in [true, false] {
        let lines = lines(&report, &recalled_inputs, &calculation, with_parts).expect("it is explained");
        let amounts = lines.iter().map(|line| parse(&line.amount).expect("a decimal"));
        assert_eq!(amounts.fold(whole(0), |sum, amount| sum + amount), exact(report.salary_calculated), "{lines:?}");
        assert_eq!(lines.iter().any(|line| line.entry == Entry::Earned), !with_parts, "{lines:?}");
        // Rounding moves by half a cent and what four decimals leave out of each line; anything more has a line of its own.
        let rounding = lines.iter().find(|line| line.entry == Entry::Rounding).map(|line| exact_size(&line.amount));
        assert!(rounding.is_none_or(|size| size <= 0.005 + 0.00005 * lines.len() as f64), "{lines:?}");
    }
}

fn exact_size(decimal: &str) -> f64 {
    decimal.parse::<f64>().expect("a number").abs()
}

#[test]
fn every_vector_is_explained() {
    let file = vectors::file();
    for vector in vectors::list(&file, "vectors") {
        check(&vectors::inputs(&file, vector), vector["bonus"].as_f64(), vector["deduction"].as_f64());
    }
}

/// Rules that are not known any more leave one sum, not a wrong story; what does not come to the pay at all is not told.
#[test]
fn what_does_not_fit_is_not_told() {
    let file = vectors::file();
    let inputs = vectors::inputs(&file, &vectors::list(&file, "vectors")[0]);
    let report = stored(&inputs, None, None);
    let (recalled_inputs, calculation) = recalled(&report).expect("it can be read");
    let other = Inputs { salary: Some(1.0), ..recalled_inputs.clone() };
    let told = lines(&report, &other, &calculation, true).expect("it is explained");
    assert_eq!(told[0].entry, Entry::Earned);
    let wrong = PayrollReport { salary_calculated: report.salary_calculated + 1.0, ..report.clone() };
    assert_eq!(lines(&wrong, &recalled_inputs, &calculation, true), None);
    assert!(recalled(&PayrollReport { calculated_from: json!({}), ..report }).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_numbers_the_steps_add_up(
        vector in any::<prop::sample::Index>(),
        salary in prop::option::of(0i64..100_000_000),
        (daily, weekly, multiplier) in (1i64..2400, 1i64..16800, 100i64..1000),
        minutes in prop::collection::vec((0u64..45, 0i64..1440), 0..30),
        bonus in prop::option::of(0i64..10_000_000),
        deduction in prop::option::of(0i64..10_000_000),
    ) {
        let number = |hundredths: i64| hundredths as f64 / 100.0;
        let file = vectors::file();
        let mut inputs = vectors::inputs(&file, vector.get(vectors::list(&file, "vectors")));
        inputs.salary = salary.map(number);
        inputs.terms.daily_hours = number(daily);
        inputs.terms.weekly_hours = number(weekly);
        inputs.terms.overtime_multiplier = number(multiplier);
        let date = |days| inputs.from.checked_add_days(chrono::Days::new(days)).expect("a date");
        let more: Vec<_> = minutes.into_iter().map(|(day, minutes)| (date(day), Attended::Minutes(minutes))).collect();
        inputs.records.extend(more);
        check(&inputs, bonus.map(number), deduction.map(number));
    }
}
