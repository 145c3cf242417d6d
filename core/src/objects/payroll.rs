//! Payroll reports, and the pay periods whose attendance is settled.

use serde_json::Value as Json;

use crate::id::{CompanyId, UserId};
use crate::object::Level;
use crate::objects::User;
use crate::time::{Date, Timestamp};
use crate::value::Kind;
use crate::{data_object, wire_enum};

wire_enum! {
    /// How far a report is paid.
    pub enum PaymentStatus {
        Paid => "paid",
        Unpaid => "unpaid",
        Partial => "partial",
        Pending => "pending",
    }
}

data_object! {
    /// What somebody worked and earned in a period: one active report per user and period, kept as it was calculated.
    pub struct PayrollReport {
        object: "payrollReport", plural: "payrollReports", table: "payroll_report", service: "payrollReporting",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: ["user" by "userId" to User: ["fullname", "avatar"]],
        /// Whose report it is.
        user_id: UserId => "userId".filter(),
        /// The period's first day.
        period_start: Date => "periodStart".filter(),
        /// The period's last day.
        period_end: Date => "periodEnd".filter(),
        /// Hours worked, with 2 decimals; money is reckoned by the minute.
        total_hours_worked: f64 => "totalHoursWorked",
        /// Hours of these that are overtime, with 2 decimals.
        overtime_hours: f64 => "overtimeHours",
        /// Whole days of absence.
        absence_days: i64 => "absenceDays",
        /// Days of absence, half ones included.
        absence_days_exact: f64 => "absenceDaysExact",
        /// Records of the period without a check-out: they count no hours yet.
        open_records: i64 => "openRecords",
        /// Added to the pay.
        bonus: Option<f64> => "bonus",
        /// Taken from the pay.
        deduction: Option<f64> => "deduction",
        /// The pay, rounded once, half-even to cents; never below 0.
        salary_calculated: f64 => "salaryCalculated",
        /// paid, unpaid, partial or pending.
        payment_status: PaymentStatus => "paymentStatus".filter(),
        /// When it was paid.
        payment_date: Option<Date> => "paymentDate",
        /// Notes that the employee does not see.
        notes: Option<String> => "notes".read(Level::Manager),
        /// By day with closed records: date, minutes, dailyOvertime, weeklyOvertime.
        breakdown: Json => "breakdown".kind(Kind::Objects),
        /// By day of absence: date, days, and why (unpaidLeave or absent).
        absences: Json => "absences".kind(Kind::Objects),
        /// What a reader should know before paying.
        warnings: Json => "warnings".kind(Kind::Strings),
        /// The salary, rules and holidays that the figures were calculated from.
        calculated_from: Json => "calculatedFrom".read(Level::Manager),
        /// When the figures were calculated.
        calculated_at: Timestamp => "calculatedAt",
        /// The exact pay before bonus, deduction and rounding, as a fraction.
        earned: String => "earned".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}

data_object! {
    /// A locked pay period: nobody changes the attendance of its days until it is unlocked.
    pub struct PayPeriodLock {
        object: "payPeriodLock", plural: "payPeriodLocks", table: "pay_period_lock", service: "payrollReporting",
        owned_by: None, order: "-from,id",
        joins: [],
        /// The first day locked.
        from_date: Date => "from".filter(),
        /// The last day locked.
        to_date: Date => "to".filter(),
        /// Why, or for which pay run.
        reason: Option<String> => "reason",
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}
