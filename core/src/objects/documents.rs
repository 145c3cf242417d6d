//! Employees' documents and the private files behind them.

use crate::data_object;
use crate::id::{CompanyId, FileId, ProfileId, UserId};
use crate::object::{Level, Record};
use crate::objects::EmployeeProfile;
use crate::time::{Date, Timestamp};
use crate::value::{Kind, Value};

data_object! {
    /// A document of an employee: a contract, a permit, a certificate.
    pub struct EmployeeDocument {
        object: "employeeDocument", plural: "employeeDocuments", table: "employee_document", service: "employeeProfile",
        owned_by: Some("userId"), order: "-validUntil,id",
        joins: ["employeeProfile" by "employeeProfileId" to EmployeeProfile: ["userId", "position", "contractType"]],
        computed: ["isExpired" as Kind::Boolean, by is_expired: "Whether its last valid day is over, by the company's calendar."],
        /// The profile of the employee whose document it is.
        employee_profile_id: ProfileId => "employeeProfileId".filter(),
        /// The employee whose document it is.
        user_id: UserId => "userId".filter(),
        /// What it is, for example work permit.
        document_type: String => "documentType".filter(),
        /// Where it is: an https address, or that of a file uploaded to the bucket employeeDocuments.
        document_url: String => "documentUrl".secret(),
        /// Its last valid day, company-local; null: it does not expire.
        valid_until: Option<Date> => "validUntil".filter(),
        /// The uploaded file that its address names.
        file_id: Option<FileId> => "fileId".read(Level::Nobody),
        /// Of the days before the end at which alerts are raised, the last for which one was.
        alerted_days: Option<i64> => "alertedDays".read(Level::Nobody),
        /// When the next alert is due; null: none is.
        alert_at: Option<Timestamp> => "alertAt".read(Level::Nobody),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}

fn is_expired(document: &Record, today: Date) -> Value {
    Value::Bool(matches!(document.get("validUntil"), Value::Date(until) if *until < today))
}

data_object! {
    /// A file uploaded as an employee's document. Only those who reach the employee may download it.
    pub struct EmployeeDocumentsFile {
        object: "employeeDocumentsFile", plural: "employeeDocumentsFiles", table: "employee_documents_file",
        service: "employeeProfile",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [],
        /// The profile of the employee whose document it is.
        employee_profile_id: ProfileId => "employeeProfileId".filter(),
        /// The employee whose document it is.
        user_id: UserId => "userId".filter(),
        /// Its name, with the ending that fits its type.
        file_name: String => "fileName".filter(),
        /// application/pdf, image/png, image/jpeg, image/webp or image/gif.
        mime_type: String => "mimeType".filter(),
        /// How many bytes it has.
        file_size: i64 => "fileSize",
        /// The company.
        company_id: CompanyId => "companyId",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::IdSource;
    use crate::object::{DataObject, Meta};

    #[test]
    fn a_document_is_good_on_its_last_day() {
        let day = |d: u32| Date::from_ymd_opt(2026, 6, d).expect("a date");
        let id = IdSource::random().next(Timestamp(0));
        let expired = |until: Option<Date>, today: Date| {
            let document = EmployeeDocument {
                meta: Meta::new(id, Timestamp(0), None),
                employee_profile_id: ProfileId(id),
                user_id: UserId(id),
                document_type: "permit".to_owned(),
                document_url: "https://a.test/b".to_owned(),
                valid_until: until,
                file_id: None,
                alerted_days: None,
                alert_at: None,
                company_id: CompanyId(id),
            };
            is_expired(&document.to_record(), today)
        };
        assert_eq!(expired(Some(day(10)), day(10)), Value::Bool(false));
        assert_eq!(expired(Some(day(10)), day(11)), Value::Bool(true));
        assert_eq!(expired(None, day(11)), Value::Bool(false));
    }
}
