//! The declarations and the migrated schemas agree.

use workforceos_core::objects::all;
use workforceos_core::value::Kind;

use crate::database::Fresh;
use crate::on_both;

on_both!(every_property_has_its_column);
async fn every_property_has_its_column(fresh: &mut Fresh) {
    for def in all() {
        let columns = fresh.columns(def.table).await;
        let mut declared = 0;
        for property in def.all() {
            if let Kind::Ids(link) = property.kind {
                let link = fresh.columns(link).await;
                let names: Vec<&str> = link.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["owner_id", "ref_id", "position", "company_id"], "{}", property.name);
                continue;
            }
            declared += 1;
            let column = columns.iter().find(|(name, _)| name == property.column);
            let (_, not_null) = column.unwrap_or_else(|| panic!("{}.{} is no column", def.table, property.column));
            assert_eq!(*not_null, property.required, "{}.{} null or not", def.table, property.column);
        }
        assert_eq!(columns.len(), declared, "{} has columns that nobody declared", def.table);
    }
}
