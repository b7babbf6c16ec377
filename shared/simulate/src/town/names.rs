//! Invented network names and device makers; likeness to real ones would be chance.

use crate::frame::network::{Generation, WpsText};
use crate::scenario::format::NameStyle;
use rand::Rng;
use rand::seq::IndexedRandom;

const FAMILY: [&str; 24] = [
    "Birkenhof",
    "Lindwurm",
    "Amselweg",
    "Sonnenblume",
    "Bergziege",
    "Wolkenheim",
    "Papagei",
    "Kastanie",
    "Villa Kunterbunt 2",
    "Mondschein",
    "Seestern",
    "Familie Ahorn",
    "Nussknacker",
    "Zaunkönig",
    "Die Füchse",
    "Regenbogen",
    "Haselnuss",
    "Eichhorn",
    "Wintergarten",
    "Dachboden",
    "Kellergeist",
    "Gartenzwerg",
    "Blaubeere",
    "Pusteblume",
];
const BOX: [&str; 7] =
    ["NordNetz", "HomeHub", "FunkBox", "LindenNet", "Speedlink", "Glasweg", "StadtLAN"];
const SHOP: [&str; 16] = [
    "Café Morgenrot",
    "Bäckerei Sommer",
    "Eiscafé Limone",
    "Buchladen Seite 7",
    "Salon Schere",
    "Fahrrad Flink",
    "Apotheke am Markt",
    "Blumen Klee",
    "Hotel Lindenhof",
    "Pension Anker",
    "Kino Lichtspiel",
    "Imbiss Ecke",
    "Optik Klar",
    "Weinstube Rebe",
    "Kiosk 24",
    "Markthalle",
];
const OFFICE: [&str; 10] = [
    "Kanzlei Ost",
    "Praxis Dr. Muster",
    "Ingenieure Nord",
    "Atelier 12",
    "Stadtwerke-Gast",
    "Versand Mitte",
    "Werkstatt IoT",
    "Verwaltung",
    "Konferenz",
    "Drucker-Flur",
];
const SUFFIX: [&str; 6] = [" Gast", "-5G", " EG", " OG", "_Ext", " IoT"];

/// A network name of the style, at most 32 bytes.
pub(super) fn network_name(style: NameStyle, random: &mut impl Rng) -> String {
    let pick = |words: &[&'static str], random: &mut dyn rand::RngCore| {
        words.choose(random).copied().unwrap_or("Netz")
    };
    let mut name = match style {
        NameStyle::Home if random.random_bool(0.6) => {
            let name = pick(&BOX, random);
            if random.random_bool(0.5) {
                format!("{name}-{:04X}", random.random::<u16>())
            } else {
                format!("{name} {}", random.random_range(1000..10_000))
            }
        }
        NameStyle::Home => pick(&FAMILY, random).to_owned(),
        NameStyle::Shop => pick(&SHOP, random).to_owned(),
        NameStyle::Office => {
            format!("{} {}", pick(&OFFICE, random), random.random_range(1..40))
        }
    };
    if random.random_bool(0.12) {
        name.push_str(pick(&SUFFIX, random));
    }
    while name.len() > 32 {
        name.pop();
    }
    name
}

/// A maker and model of the generation.
pub(super) fn device_text(generation: Generation, random: &mut impl Rng) -> WpsText {
    let makers = ["Example Networks", "Invented Devices", "Muster Elektronik", "Sample Wireless"];
    let maker = makers.choose(random).copied().unwrap_or("Example Networks");
    let series = match generation {
        Generation::Legacy => "G",
        Generation::Wifi4 => "N",
        Generation::Wifi5 => "AC",
        Generation::Wifi6 => "AX",
        Generation::Wifi6e => "AXE",
        Generation::Wifi7 => "BE",
    };
    let number = random.random_range(10..100) * 100;
    let mut uuid = [0u8; 16];
    random.fill_bytes(&mut uuid);
    // Version 4, variant 1 (RFC 9562).
    uuid[6] = uuid[6] & 0x0f | 0x40;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    WpsText {
        manufacturer: maker.to_owned(),
        model_name: format!("Router {series}{number}"),
        model_number: format!("{series}{number}"),
        uuid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn names_fit_an_ssid() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        for _ in 0..500 {
            for style in [NameStyle::Home, NameStyle::Shop, NameStyle::Office] {
                let name = network_name(style, &mut random);
                assert!((1..=32).contains(&name.len()), "{name}");
            }
        }
    }
}
