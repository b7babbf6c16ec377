//! What a packet says, in one line of words.

use pw_dissect::describe::management::REASON;
use pw_dissect::fields::{Field, Packet, Value};
use pw_dissect::ieee80211::eapol::{self, EapolKey};
use pw_dissect::ieee80211::elements::{Elements, id};
use pw_dissect::ieee80211::management::Management;
use pw_dissect::ieee80211::network::{self, Fixed};
use pw_dissect::ieee80211::{Header, action, llc};
use pw_dissect::{Frame, fields};
use pw_model::{AuthMode, Channel, FrameFlags, NetworkTraits, Ssid, Standard};

/// The line.
pub(super) fn words(packet: &Packet<'_>) -> String {
    let frame = &packet.frame;
    let Some(header) = &frame.header else {
        let fault = frame.faults.iter().next();
        return fault.map_or_else(String::new, |fault| fault.reason.to_owned());
    };
    let mut words = if header.version != 0 {
        format!("protocol version {}: not decoded", header.version)
    } else if header.kind.is_management() {
        management(frame, header)
    } else if header.kind.is_control() {
        control(header)
    } else if header.kind.is_data() {
        data(frame, header)
    } else {
        String::new()
    };
    let mut add = |more: &str| {
        if !words.is_empty() {
            words.push_str(", ");
        }
        words.push_str(more);
    };
    if header.flags.contains(FrameFlags::RETRY) {
        add("retry");
    }
    if header.flags.contains(FrameFlags::MORE_FRAGMENTS)
        || header.fragment.is_some_and(|number| number > 0)
    {
        add(&format!("fragment {}", header.fragment.unwrap_or(0)));
    }
    words
}

fn management(frame: &Frame<'_>, header: &Header) -> String {
    if header.flags.contains(FrameFlags::PROTECTED) {
        return "encrypted".to_owned();
    }
    let Some(management) = frame.management() else {
        return "cut before its fixed fields end".to_owned();
    };
    match management {
        Management::Beacon { elements, .. } => {
            let fixed = Fixed::of(&management, frame.radio.frequency_mhz);
            offer(&network::decode(fixed, elements), frame.radio.frequency_mhz)
        }
        Management::ProbeRequest { elements } => match ssid(elements) {
            Some(name) => format!("looks for “{name}”"),
            None => "looks for any network".to_owned(),
        },
        Management::AssociationRequest { current_ap, elements, .. } => {
            let mut words = match ssid(elements) {
                Some(name) => format!("wants to join “{name}”"),
                None => "wants to join".to_owned(),
            };
            if let Some(from) = current_ap {
                words.push_str(&format!(", comes from {from}"));
            }
            words
        }
        Management::AssociationResponse { status: 0, association_id, .. } => {
            format!("accepted, association {association_id}")
        }
        Management::AssociationResponse { status, .. } => {
            format!("refused: {}", named("wlan.fixed.status_code", status, "status"))
        }
        Management::Authentication { algorithm, transaction, status, .. } => {
            let algorithm = match algorithm {
                0 => "open system".to_owned(),
                1 => "shared key".to_owned(),
                number => AuthMode(number).name().to_uppercase(),
            };
            let mut words = format!("{algorithm}, message {transaction}");
            if status != 0 {
                let status = named("wlan.fixed.status_code", status, "status");
                words.push_str(&format!(", {status}"));
            }
            words
        }
        Management::Deauthentication { reason, .. } | Management::Disassociation { reason, .. } => {
            named(REASON.name, reason, "reason")
        }
        Management::Action { category, action, .. } => {
            let category = action::category_name(category)
                .map_or_else(|| format!("category {category}"), str::to_owned);
            match action {
                Some(action) => format!("{category}, action {action}"),
                None => category,
            }
        }
        Management::TimingAdvertisement { timestamp_us, .. } => format!("timer {timestamp_us} µs"),
    }
}

/// `reason 7: class 3 frame…` where the field names its values, else `reason 7`.
fn named(field: &str, code: u16, word: &str) -> String {
    let names = fields::by_name(field).and_then(|field: &Field| field.names);
    match names.and_then(|names| names(u64::from(code))) {
        Some(name) => format!("{word} {code}: {name}"),
        None => format!("{word} {code}"),
    }
}

fn ssid(elements: Elements<'_>) -> Option<String> {
    let ssid = Ssid::new(elements.find_id(id::SSID)?.body);
    (!ssid.is_hidden()).then(|| ssid.text())
}

/// What a network says of itself.
fn offer(traits: &NetworkTraits, heard_mhz: Option<u16>) -> String {
    let mut parts = Vec::new();
    if traits.ssid.as_ref().is_none_or(Ssid::is_hidden) && traits.mesh_id.is_none() {
        parts.push("hidden name".to_owned());
    }
    if let Some(mesh) = &traits.mesh_id {
        parts.push(format!("mesh “{}”", mesh.text()));
    }
    if traits.ibss {
        parts.push("ad hoc".to_owned());
    }
    let heard = heard_mhz.and_then(Channel::from_frequency_mhz);
    match traits.channel {
        // The channel heard on has a column of its own.
        Some(stated) if heard.is_some() && heard != Some(stated) => {
            parts.push(format!("says channel {stated}"));
        }
        Some(stated) if heard.is_none() => parts.push(format!("channel {stated}")),
        _ => {}
    }
    parts.push(traits.security.label().name().to_owned());
    parts.extend(traits.standard.map(|standard| generation(standard).to_owned()));
    parts.extend(traits.width.map(|width| format!("{} MHz", width.mhz())));
    parts.extend(traits.station_count.map(|count| match count {
        1 => "1 station".to_owned(),
        count => format!("{count} stations"),
    }));
    parts.extend(traits.ap_name.as_ref().map(|name| format!("access point “{name}”")));
    if traits.mld_address.is_some() {
        parts.push("multi-link".to_owned());
    }
    parts.join(", ")
}

/// `Wi-Fi 6` where the standard has such a name, else `802.11b`.
fn generation(standard: Standard) -> &'static str {
    let name = standard.name();
    let in_parentheses = name.split_once('(').map(|(_, rest)| rest.trim_end_matches(')'));
    in_parentheses.unwrap_or(name)
}

fn control(header: &Header) -> String {
    let duration = header.duration;
    // Subtypes of control frames (IEEE Std 802.11-2020, table 9-1).
    match header.kind.subtype() {
        Some(11 | 12) => format!("reserves {duration} µs"),
        Some(10) => {
            format!("asks for buffered frames, association {}", duration & 0x3fff)
        }
        _ => String::new(),
    }
}

fn size(bytes: &[u8]) -> String {
    match bytes.len() {
        1 => "1 byte".to_owned(),
        length => format!("{length} bytes"),
    }
}

fn data(frame: &Frame<'_>, header: &Header) -> String {
    if header.flags.contains(FrameFlags::PROTECTED) {
        return format!("encrypted, {}", size(frame.body()));
    }
    if let Some(packet) = frame.eapol() {
        let message = EapolKey::read(packet).and_then(|key| key.message());
        return match (message, eapol::packet_type(packet)) {
            (Some(message), _) => format!("EAPOL-Key, message {message} of 4"),
            (None, Some(eapol::TYPE_KEY)) => "EAPOL-Key".to_owned(),
            (None, Some(0)) => "EAP".to_owned(),
            (None, Some(1)) => "EAPOL start".to_owned(),
            (None, Some(2)) => "EAPOL logoff".to_owned(),
            (None, Some(number)) => format!("EAPOL, type {number}"),
            (None, None) => "EAPOL, cut".to_owned(),
        };
    }
    if !header.has_payload() {
        return if header.flags.contains(FrameFlags::POWER_MANAGEMENT) {
            "no data, goes to sleep".to_owned()
        } else {
            "no data, awake".to_owned()
        };
    }
    if header.is_a_msdu() {
        return format!("not encrypted, aggregate, {}", size(frame.body()));
    }
    match llc::ethertype(frame.body()) {
        Some((kind, payload)) => {
            let name = match kind {
                0x0800 => "IPv4".to_owned(),
                0x86dd => "IPv6".to_owned(),
                0x0806 => "ARP".to_owned(),
                0x888e => "EAPOL".to_owned(),
                0x88c7 => "RSN preauthentication".to_owned(),
                0x890d => "fast roaming".to_owned(),
                other => format!("EtherType {other:#06x}"),
            };
            format!("not encrypted: {name}, {}", size(payload))
        }
        None => format!("not encrypted, {}", size(frame.body())),
    }
}

/// What a value is in a filter expression; `None` for headings.
pub(super) fn literal(field: &Field, value: &Value<'_>) -> Option<String> {
    use pw_dissect::fields::Form;
    let mut text = String::new();
    match (value, field.form) {
        (Value::Nothing, _) => return None,
        (Value::Flag(yes), _) => text.push_str(if *yes { "true" } else { "false" }),
        (Value::Bytes(bytes), Form::Text) => {
            text.push('"');
            for byte in *bytes {
                match byte {
                    b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
                    0x20..=0x7e => text.push(char::from(*byte)),
                    other => text.push_str(&format!("\\x{other:02x}")),
                }
            }
            text.push('"');
        }
        (Value::Bytes(bytes), _) => {
            let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            text = digits.join(":");
        }
        (Value::Word(word), _) => text = format!("\"{word}\""),
        // Writing to a string cannot fail.
        (value, _) => match field.write_plain(value, &mut text) {
            Ok(()) | Err(std::fmt::Error) => {}
        },
    }
    (!text.is_empty()).then_some(text)
}
