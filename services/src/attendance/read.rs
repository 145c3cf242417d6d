//! `getAttendanceRecord`, `listAttendanceRecords`.

use std::sync::Arc;

use workforceos_core::filter::ListQuery;
use workforceos_core::id::AttendanceId;
use workforceos_core::object::DataObject;
use workforceos_core::objects::AttendanceRecord;
use workforceos_core::session::Ctx;
use workforceos_core::{Reach, input};

use crate::{Api, App, crud};

input! {
    pub struct GetRecord {
        /// The record.
        attendance_record_id: AttendanceId => "attendanceRecordId" Path,
    }
}

pub fn get() -> Api {
    Api::get("getAttendanceRecord")
        .on::<AttendanceRecord>()
        .at("/v1/attendance-records/:attendanceRecordId")
        .reach(Reach::Own)
        .about("An attendance record. Employees see their own without absenceReason and managerNote.")
        .reader(|app: Arc<App>, ctx: Ctx, input: GetRecord, query: ListQuery| async move {
            let reach = crud::own_rows::<AttendanceRecord>(&ctx);
            crud::one(&app, &ctx, AttendanceRecord::def(), input.attendance_record_id.0, reach, query).await
        })
}

pub fn list() -> Api {
    crud::list::<AttendanceRecord>("listAttendanceRecords", crud::own_rows::<AttendanceRecord>)
        .at("/v1/attendance-records")
        .reach(Reach::Own)
        .about("Attendance records, newest first: the caller's, for managers also their reports', for admins all.")
}
