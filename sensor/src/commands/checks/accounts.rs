//! Who the sensor runs as, and which files that account may use.

use crate::state_dir;
use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// The user that the installed service runs as.
pub(in crate::commands) const SERVICE_USER: &str = "piwardrive";

/// A user with its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::commands) struct Account {
    pub(in crate::commands) name: String,
    pub(in crate::commands) user_id: u32,
    pub(in crate::commands) group_ids: BTreeSet<u32>,
}

impl Account {
    /// The service's user where the package made one, else who runs this; `None` where the system
    /// does not say.
    pub(in crate::commands) fn of_the_sensor() -> Option<Self> {
        let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
        let group = std::fs::read_to_string("/etc/group").unwrap_or_default();
        let own = state_dir::own_user_id()?;
        Self::parse(&passwd, &group, |name, _| name == SERVICE_USER)
            .or_else(|| Self::parse(&passwd, &group, |_, id| id == own))
    }

    /// From the text of passwd(5) and group(5).
    fn parse(passwd: &str, group: &str, wanted: impl Fn(&str, u32) -> bool) -> Option<Self> {
        let (name, user_id, own_group) = passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let user_id = fields.nth(1)?.parse().ok()?;
            let group_id: u32 = fields.next()?.parse().ok()?;
            wanted(name, user_id).then(|| (name.to_owned(), user_id, group_id))
        })?;
        let mut group_ids = BTreeSet::from([own_group]);
        group_ids.extend(group.lines().filter_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let is_member = fields.get(3)?.split(',').any(|member| member == name);
            if is_member { fields.get(2)?.parse::<u32>().ok() } else { None }
        }));
        Some(Self { name, user_id, group_ids })
    }

    /// Whether the mode bits let it read and write the file.
    pub(in crate::commands) fn may_use(&self, file: &Metadata) -> bool {
        self.may(file.mode(), file.uid(), file.gid())
    }

    fn may(&self, mode: u32, owner: u32, group: u32) -> bool {
        let shift = if self.user_id == 0 {
            return true;
        } else if self.user_id == owner {
            6
        } else if self.group_ids.contains(&group) {
            3
        } else {
            0
        };
        (mode >> shift) & 0o6 == 0o6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nbroken\npiwardrive:x:990:980::/:/bin/no\n";
    const GROUP: &str = "dialout:x:20:pi,piwardrive\nother:x:30:piwardrives\npiwardrive:x:980:\n";

    #[test]
    fn groups_decide_who_reads_a_receiver() {
        let account = Account::parse(PASSWD, GROUP, |name, _| name == SERVICE_USER).expect("there");
        assert_eq!(account.group_ids, BTreeSet::from([20, 980]));
        for (mode, owner, group, allowed) in [
            (0o660, 0, 20, true),
            (0o660, 0, 30, false),
            (0o640, 0, 20, false),
            (0o666, 0, 0, true),
            (0o600, 990, 0, true),
            // The owner's own bits count, even where everybody else may.
            (0o066, 990, 0, false),
        ] {
            assert_eq!(account.may(mode, owner, group), allowed, "{mode:o} {owner} {group}");
        }
        let root = Account::parse(PASSWD, GROUP, |_, id| id == 0).expect("there");
        assert!(root.may(0, 5, 5));
        assert_eq!(Account::parse(PASSWD, GROUP, |name, _| name == "nobody"), None);
    }
}
