//! Mappings of columns, saved by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    app::{Error, Op},
    import::{Options, Preset, Target},
    policy::{Permission, Refusal},
    store::{Change, Tx},
};

/// Longest name.
const LONGEST: usize = 100;

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    preset: Option<String>,
    columns: BTreeMap<String, String>,
}

/// `options` with what is saved under `name` behind what they say themselves.
pub async fn saved_mapping(op: &Op, name: &str, mut options: Options) -> Result<Options, Error> {
    let permit = op.rights.permit(Permission::LeadImport)?;
    let text = op.core.store.import_mapping(permit, name).await?.ok_or_else(|| Refusal::bad_input("There is no mapping of this name."))?;
    let saved: Saved = serde_json::from_str(&text).map_err(|_| Refusal::bad_input("The mapping of this name cannot be read."))?;
    for (column, target) in saved.columns {
        if !options.mapping.iter().any(|(known, _)| *known == column) {
            options.mapping.extend(Target::from_name(&target).map(|target| (column, target)));
        }
    }
    options.preset = options.preset.or_else(|| saved.preset.as_deref().and_then(Preset::from_name));
    Ok(options)
}

/// Saves preset and mapping under `name`.
pub(super) async fn save(op: &Op, name: &str, options: &Options) -> Result<(), Error> {
    let permit = op.rights.permit(Permission::LeadImport)?;
    if name.trim().is_empty() || name.len() > LONGEST {
        return Err(Refusal::bad_input(format!("The name of a mapping has 1 to {LONGEST} bytes.")).into());
    }
    let columns = options.mapping.iter().map(|(column, target)| (column.clone(), target.name().to_owned())).collect();
    let saved = Saved { preset: options.preset.map(|preset| preset.name().to_owned()), columns };
    let text = serde_json::to_string(&saved).map_err(|_| Refusal::bad_input("The mapping cannot be written."))?;
    let before = op.core.store.import_mapping(permit, name).await?;
    if before.as_ref() == Some(&text) {
        return Ok(());
    }
    let note = op.note_change(vec![Change { kind: "importMapping", item: name.to_owned(), before, after: Some(text.clone()) }]);
    let (put, name) = (note.clone(), name.to_owned());
    op.core
        .store
        .write(move |tx: Tx<'_>| {
            Box::pin(async move {
                tx.save_import_mapping(permit, &name, &text).await?;
                tx.put_change(&put).await?;
                Ok::<_, Error>(())
            })
        })
        .await?;
    op.changed(&note);
    Ok(())
}
