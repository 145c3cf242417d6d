//! The routes of file buckets.

use serde_json::{Value as Json, json};

use super::{of_type, of_types, operation, parameter, public};

type Operation = (&'static str, &'static str, Json);

pub fn operations() -> impl Iterator<Item = Operation> {
    pictures().into_iter().chain(documents())
}

/// A form that carries a file, and what else it carries.
fn form(more: Json, parameters: Json) -> Json {
    let mut properties = json!({"file": {"type": "string", "format": "binary"}});
    if let (Some(properties), Json::Object(more)) = (properties.as_object_mut(), more) {
        properties.extend(more);
    }
    let schema = json!({"type": "object", "properties": properties, "required": ["file"]});
    json!({"parameters": parameters, "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": schema}}}})
}

/// An upload that answers what describes the file: texts, and its size.
fn uploading(mut operation: Json, texts: &[&str]) -> Json {
    let mut file = json!({"type": "object", "properties": {"fileSize": {"type": "integer"}}});
    for name in texts {
        file["properties"][name] = json!({"type": "string"});
    }
    let answer = json!({"type": "object", "properties": {"file": file}});
    operation["responses"]["200"]["content"]["application/json"]["schema"] = answer;
    operation
}

/// Avatars.
fn pictures() -> [Operation; 4] {
    let bucket = || {
        let names = json!({"type": "string", "enum": ["userAvatars", "companyAvatars"]});
        parameter("bucket", "path", true, names, "userAvatars: of users; companyAvatars: of companies and departments.")
    };
    let named = |name: &str, about: &str| json!({"parameters": [bucket(), parameter(name, "path", true, json!({"type": "string"}), about)]});
    let picture = |operation: Json| of_types(operation, &["image/png", "image/jpeg", "image/webp", "image/gif"]);
    let about = "Keeps a picture of at most 5 MB: PNG, JPEG, WebP or GIF, by its content. It is drawn anew, upright, without metadata, \
                 in at most 1024 x 1024 pixels; of an animation the first frame is kept. Anybody logged in uploads avatars of users, \
                 admins those of companies. The login's userBucketToken will do as well. Then set the avatar of the user, company or \
                 department to the picture's address.";
    let upload = operation("uploadAvatar", "Upload a picture", about, form(json!({}), json!([bucket()])));
    let upload = uploading(upload, &["id", "accessKey", "fileName", "mimeType"]);
    let about = "A picture, for everybody; it never changes.";
    let by_id = public("downloadAvatar", "Download a picture", about, named("fileId", "The file's id."));
    let by_key = public("downloadAvatarByKey", "Download by key", about, named("accessKey", "The file's access key."));
    let about = "The generated avatar of whoever has none: drawn from the id alone, for everybody.";
    let generated = public("defaultAvatar", "Generated avatar", about, named("id", "The id of the user, company or department."));
    [
        ("/auth-api/bucket/{bucket}/upload", "post", upload),
        ("/auth-api/bucket/{bucket}/download/{fileId}", "get", picture(by_id)),
        ("/auth-api/bucket/{bucket}/download/key/{accessKey}", "get", picture(by_key)),
        ("/auth-api/bucket/{bucket}/default/{id}.svg", "get", of_type(generated, "image/svg+xml")),
    ]
}

/// Files of employees.
fn documents() -> [Operation; 2] {
    let (name, text) = ("employeeProfileId", json!({"type": "string", "format": "uuid"}));
    let about = "Keeps a document of at most 20 MB of an employee, for the employee's manager and admins: PDF, PNG, JPEG, WebP or GIF, by its \
                 content. Whose it is says employeeProfileId, in the form or in the address. Then name its documentUrl in a document of \
                 the employee.";
    let whose = parameter(name, "query", false, text.clone(), "The employee's profile, if the form does not name it.");
    let upload = operation("uploadEmployeeDocument", "Upload a document", about, form(json!({name: text}), json!([whose])));
    let upload = uploading(upload, &["id", "fileName", "mimeType", name, "documentUrl"]);
    let about = "A document's file, as an attachment, for whoever may read the document.";
    let file = json!({"parameters": [parameter("fileId", "path", true, json!({"type": "string"}), "The file's id.")]});
    let types = ["application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif"];
    let download = of_types(operation("downloadEmployeeDocument", "Download a document", about, file), &types);
    [
        ("/employeeprofile-api/bucket/employeeDocuments/upload", "post", upload),
        ("/employeeprofile-api/bucket/employeeDocuments/download/{fileId}", "get", download),
    ]
}
