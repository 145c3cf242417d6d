//! Employees' profiles.

use crate::id::{CompanyId, DepartmentId, UserId};
use crate::object::Level;
use crate::objects::{User, UserGroup};
use crate::time::Date;
use crate::{data_object, wire_enum};

wire_enum! {
    /// How somebody is employed.
    pub enum ContractType {
        Permanent => "permanent",
        Temporary => "temporary",
        Contract => "contract",
    }
}

data_object! {
    /// An employee's HR record: one active per user. Whom it names as manager reaches the employee's rows.
    pub struct EmployeeProfile {
        object: "employeeProfile", plural: "employeeProfiles", table: "employee_profile", service: "employeeProfile",
        owned_by: Some("userId"), order: "-createdAt,id",
        joins: [
            "user" by "userId" to User: ["email", "fullname", "avatar"],
            "manager" by "managerId" to User: ["email", "fullname", "avatar"],
            "department" by "departmentId" to UserGroup: ["groupName", "avatar"]
        ],
        /// The employee.
        user_id: UserId => "userId".filter(),
        /// First day of work.
        employment_start_date: Date => "employmentStartDate".filter(),
        /// The job's title.
        position: String => "position".filter(),
        /// permanent, temporary or contract.
        contract_type: ContractType => "contractType".filter(),
        /// Salary per month or per hour, as the policy says.
        salary: Option<f64> => "salary".read(Level::Manager),
        /// The main department.
        department_id: Option<DepartmentId> => "departmentId".filter(),
        /// The direct manager.
        manager_id: Option<UserId> => "managerId".filter(),
        /// Notes of HR and the manager.
        notes: Option<String> => "notes".text().secret().read(Level::Manager),
        /// The company.
        company_id: CompanyId => "companyId".filter(),
    }
}
