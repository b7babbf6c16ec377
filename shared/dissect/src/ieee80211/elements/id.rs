//! Element identifiers (IEEE Std 802.11-2020, table 9-92; 802.11ax-2021; 802.11be-2024).

/// SSID.
pub const SSID: u8 = 0;
/// Supported rates and BSS membership selectors.
pub const RATES: u8 = 1;
/// DSSS parameter set: the channel.
pub const DSSS: u8 = 3;
/// Traffic indication map.
pub const TIM: u8 = 5;
/// IBSS parameter set.
pub const IBSS: u8 = 6;
/// Country.
pub const COUNTRY: u8 = 7;
/// BSS load.
pub const BSS_LOAD: u8 = 11;
/// Channel switch announcement.
pub const CHANNEL_SWITCH: u8 = 37;
/// Quiet.
pub const QUIET: u8 = 40;
/// ERP information.
pub const ERP: u8 = 42;
/// HT capabilities.
pub const HT_CAPABILITIES: u8 = 45;
/// RSN.
pub const RSN: u8 = 48;
/// Extended supported rates.
pub const EXTENDED_RATES: u8 = 50;
/// Mobility domain.
pub const MOBILITY_DOMAIN: u8 = 54;
/// Extended channel switch announcement.
pub const EXTENDED_CHANNEL_SWITCH: u8 = 60;
/// HT operation.
pub const HT_OPERATION: u8 = 61;
/// BSS average access delay.
pub const ACCESS_DELAY: u8 = 63;
/// BSS available admission capacity.
pub const ADMISSION_CAPACITY: u8 = 67;
/// BSS AC access delay.
pub const AC_ACCESS_DELAY: u8 = 68;
/// Time advertisement.
pub const TIME_ADVERTISEMENT: u8 = 69;
/// Multiple BSSID.
pub const MULTIPLE_BSSID: u8 = 71;
/// Non-transmitted BSSID capability.
pub const NON_TRANSMITTED_CAPABILITY: u8 = 83;
/// Multiple BSSID index.
pub const MULTIPLE_BSSID_INDEX: u8 = 85;
/// Mesh identifier.
pub const MESH_ID: u8 = 114;
/// Beacon timing of mesh neighbours.
pub const BEACON_TIMING: u8 = 120;
/// Extended capabilities.
pub const EXTENDED_CAPABILITIES: u8 = 127;
/// Cisco CCX 1: access point name and load.
pub const CISCO_CCX1: u8 = 133;
/// Cisco: unknown counters (CCX cell power and age).
pub const CISCO_AGE: u8 = 149;
/// VHT capabilities.
pub const VHT_CAPABILITIES: u8 = 191;
/// VHT operation.
pub const VHT_OPERATION: u8 = 192;
/// Extended BSS load.
pub const EXTENDED_BSS_LOAD: u8 = 193;
/// Reduced neighbour report.
pub const REDUCED_NEIGHBOR_REPORT: u8 = 201;
/// Vendor specific.
pub const VENDOR: u8 = 221;
/// Fragment of the element before.
pub const FRAGMENT: u8 = 242;
/// The identifier extension follows the length.
pub const EXTENSION: u8 = 255;

/// Extension: HE capabilities.
pub const EXT_HE_CAPABILITIES: u8 = 35;
/// Extension: HE operation.
pub const EXT_HE_OPERATION: u8 = 36;
/// Extension: max channel switch time.
pub const EXT_MAX_CHANNEL_SWITCH_TIME: u8 = 52;
/// Extension: non-inheritance.
pub const EXT_NON_INHERITANCE: u8 = 56;
/// Extension: HE 6 GHz band capabilities.
pub const EXT_HE_6GHZ_CAPABILITIES: u8 = 59;
/// Extension: EHT operation.
pub const EXT_EHT_OPERATION: u8 = 106;
/// Extension: multi-link.
pub const EXT_MULTI_LINK: u8 = 107;
/// Extension: EHT capabilities.
pub const EXT_EHT_CAPABILITIES: u8 = 108;

/// Vendor: WPA.
pub const VENDOR_WPA: [u8; 4] = [0x00, 0x50, 0xf2, 1];
/// Vendor: WMM.
pub const VENDOR_WMM: [u8; 4] = [0x00, 0x50, 0xf2, 2];
/// Vendor: Wi-Fi Protected Setup.
pub const VENDOR_WPS: [u8; 4] = [0x00, 0x50, 0xf2, 4];
/// Vendor: OWE transition mode.
pub const VENDOR_OWE_TRANSITION: [u8; 4] = [0x50, 0x6f, 0x9a, 0x1c];
/// Vendor: HT capabilities before 802.11n was final.
pub const VENDOR_DRAFT_HT_CAPABILITIES: [u8; 4] = [0x00, 0x90, 0x4c, 0x33];
