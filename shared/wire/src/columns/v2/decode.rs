//! Reading of the columns: the same expectations, row by row.

use super::{Airtime, COLUMNS, ColumnsV2, Expected, Listening, at, bit, counts_apart, place_bit};
use crate::columns::{ColumnError, detail, get, phy_kind, unzigzag};
use pw_model::{
    AdvertisementId, Detail, FrameFlags, FrameKind, MacAddr, Observation, Position, RadioId,
    Timestamp,
};

impl ColumnsV2 {
    pub(crate) fn decode(&self) -> Result<Vec<Observation>, ColumnError> {
        // Each row takes at least one byte of each of these, so a false count reserves little.
        let count = self.count as usize;
        for column in [
            at::TIME,
            at::TRANSMITTER,
            at::KIND,
            at::DIFFERS,
            at::SIGNAL,
            at::NOISE,
            at::SEQUENCE,
            at::PLACE,
        ] {
            if self.columns[column].0.len() < count {
                return Err(ColumnError { column: at::NAMES[column], row: self.count });
            }
        }
        let mut rows = Rows {
            columns: self,
            row: 0,
            at: [0; COLUMNS],
            time_ns: self.base_time_ns,
            expected: Expected::default(),
        };
        let mut observations = Vec::with_capacity(count);
        for row in 0..self.count {
            rows.row = row;
            observations.push(rows.observation()?);
        }
        Ok(observations)
    }
}

/// Reads all columns row by row; `at` holds the offset within each.
struct Rows<'a> {
    columns: &'a ColumnsV2,
    row: u32,
    at: [usize; COLUMNS],
    time_ns: i64,
    expected: Expected,
}

impl Rows<'_> {
    fn error(&self, column: usize) -> ColumnError {
        ColumnError { column: at::NAMES[column], row: self.row }
    }

    fn next(&mut self, column: usize) -> Result<u64, ColumnError> {
        match get(&self.columns.columns[column].0, &mut self.at[column]) {
            Some(value) => Ok(value),
            None => Err(self.error(column)),
        }
    }

    fn option(&mut self, column: usize) -> Result<Option<u64>, ColumnError> {
        Ok(self.next(column)?.checked_sub(1))
    }

    /// The value of a column in this row if it differs, else what is expected.
    fn told<T>(
        &mut self,
        differs: u64,
        column: usize,
        expected: T,
        read: impl Fn(&mut Self) -> Result<T, ColumnError>,
    ) -> Result<T, ColumnError> {
        if differs & bit(column) == 0 { Ok(expected) } else { read(self) }
    }

    /// The address at this place of the table plus one.
    fn address(&self, column: usize, place: u64) -> Result<Option<MacAddr>, ColumnError> {
        let Some(at) = place.checked_sub(1) else { return Ok(None) };
        let found = usize::try_from(at).ok().and_then(|at| self.columns.addresses.get(at));
        found.map(|address| Some(MacAddr(*address))).ok_or_else(|| self.error(column))
    }

    fn observation(&mut self) -> Result<Observation, ColumnError> {
        let step = unzigzag(self.next(at::TIME)?);
        let step_ns = step.wrapping_mul(i64::from(self.columns.time_unit_ns));
        self.time_ns = self.time_ns.wrapping_add(step_ns);
        let sender = self.next(at::TRANSMITTER)?;
        let transmitter = self.address(at::TRANSMITTER, sender)?;
        // It is in the table of addresses, or 0.
        let sender = sender as usize;
        let last_kind = self.expected.sender(sender).last_kind;
        let kind = match (self.next(at::KIND)?, last_kind) {
            (0, Some(kind)) => kind,
            (0, None) => return Err(self.error(at::KIND)),
            (number, _) => (number - 1) as u8,
        };
        self.expected.sender(sender).last_kind = Some(kind);
        let context = self.expected.context(sender, kind);
        let (radio, frequency_mhz, noise_dbm) = self.context(context)?;
        let now = self.expected.contexts[context];
        let advertisement = match (now.advertisement as usize).checked_sub(1) {
            None => None,
            Some(at) => {
                let found = self.columns.advertisements.get(at);
                Some(AdvertisementId(*found.ok_or_else(|| self.error(at::ADVERTISEMENT))?))
            }
        };
        Ok(Observation {
            time: Timestamp::from_unix_ns(self.time_ns),
            radio: RadioId(radio),
            kind: FrameKind(kind),
            flags: FrameFlags(now.flags),
            transmitter,
            receiver: self.address(at::RECEIVER, now.receiver)?,
            bssid: self.address(at::BSSID, now.bssid)?,
            frequency_mhz,
            signal_dbm: self.signal(sender)?,
            noise_dbm,
            rate_100kbps: now.rate_100kbps,
            phy: now.phy,
            length: now.length,
            airtime_us: now.airtime_us,
            sequence: self.sequence(sender, context, kind)?,
            advertisement,
            detail: now.detail,
            position: self.position()?,
        })
    }

    /// Brings a context up to this row; radio, frequency and noise of it.
    fn context(&mut self, context: usize) -> Result<(u8, Option<u16>, Option<i8>), ColumnError> {
        let was = self.expected.contexts[context];
        let differs = self.next(at::DIFFERS)?;
        let number = |column: usize| move |rows: &mut Self| rows.next(column);
        let option = |column: usize| move |rows: &mut Self| rows.option(column);
        let mut now = was;
        let flags = self.told(differs, at::FLAGS, u64::from(was.flags), number(at::FLAGS))?;
        now.flags = flags as u16;
        let length = self.told(differs, at::LENGTH, u64::from(was.length), number(at::LENGTH))?;
        now.length = length as u32;
        let rate = was.rate_100kbps.map(u64::from);
        now.rate_100kbps =
            self.told(differs, at::RATE, rate, option(at::RATE))?.map(|rate| rate as u32);
        now.phy = self
            .told(differs, at::PHY, was.phy, |rows| Ok(rows.option(at::PHY)?.and_then(phy_kind)))?;
        let like = Airtime {
            length: now.length,
            rate_100kbps: now.rate_100kbps,
            phy: now.phy,
            airtime_us: None,
        };
        let airtime = self.expected.airtime_of(like, &was).map(u64::from);
        now.airtime_us =
            self.told(differs, at::AIRTIME, airtime, option(at::AIRTIME))?.map(|us| us as u32);
        *self.expected.airtime(&like) = Airtime { airtime_us: now.airtime_us, ..like };
        now.receiver = self.told(differs, at::RECEIVER, was.receiver, number(at::RECEIVER))?;
        now.bssid = self.told(differs, at::BSSID, was.bssid, number(at::BSSID))?;
        let advertisement = number(at::ADVERTISEMENT);
        now.advertisement =
            self.told(differs, at::ADVERTISEMENT, was.advertisement, advertisement)?;
        now.detail = self.told(differs, at::DETAIL, was.detail, Self::detail)?;
        self.expected.note(context, now);
        let radio = u64::from(self.expected.radio);
        let radio = self.told(differs, at::RADIO, radio, number(at::RADIO))? as u8;
        self.expected.radio = radio;
        let listening = *self.expected.listening(radio);
        let frequency = listening.frequency_mhz.map(u64::from);
        let frequency = self.told(differs, at::FREQUENCY, frequency, option(at::FREQUENCY))?;
        let frequency_mhz = frequency.map(|mhz| mhz as u16);
        let step = self.option(at::NOISE)?;
        let noise_dbm = step.map(|step| listening.noise_dbm.wrapping_add(unzigzag(step) as i8));
        *self.expected.listening(radio) =
            Listening { frequency_mhz, noise_dbm: noise_dbm.unwrap_or(listening.noise_dbm) };
        Ok((radio, frequency_mhz, noise_dbm))
    }

    fn signal(&mut self, sender: usize) -> Result<Option<i8>, ColumnError> {
        let Some(step) = self.option(at::SIGNAL)? else { return Ok(None) };
        let sender = self.expected.sender(sender);
        sender.signal_dbm = sender.signal_dbm.wrapping_add(unzigzag(step) as i8);
        Ok(Some(sender.signal_dbm))
    }

    fn sequence(
        &mut self,
        sender: usize,
        context: usize,
        kind: u8,
    ) -> Result<Option<u16>, ColumnError> {
        let Some(step) = self.option(at::SEQUENCE)? else { return Ok(None) };
        let last = match counts_apart(kind) {
            true => &mut self.expected.contexts[context].sequence,
            false => &mut self.expected.sender(sender).sequence,
        };
        *last = match step.checked_sub(4096) {
            None => last.wrapping_add(step as u16) % 4096,
            Some(sequence) => sequence as u16,
        };
        Ok(Some(*last))
    }

    fn detail(&mut self) -> Result<Option<Detail>, ColumnError> {
        let tag = self.next(at::DETAIL)?;
        if tag == 0 {
            return Ok(None);
        }
        let value = self.next(at::DETAIL)?;
        Ok(detail(tag, value))
    }

    fn position(&mut self) -> Result<Option<Position>, ColumnError> {
        let bits = self.next(at::PLACE)?;
        if bits & place_bit::KNOWN == 0 {
            return Ok(None);
        }
        let mut place = self.expected.place;
        if bits & place_bit::MOVED != 0 {
            place.lat_e7 = place.lat_e7.wrapping_add(unzigzag(self.next(at::LATITUDE)?));
            place.lon_e7 = place.lon_e7.wrapping_add(unzigzag(self.next(at::LONGITUDE)?));
        }
        let step = |was: Option<i64>, step: Option<u64>| {
            step.map(|step| was.unwrap_or(0).wrapping_add(unzigzag(step)))
        };
        if bits & place_bit::ALTITUDE != 0 {
            place.altitude_dm = step(place.altitude_dm, self.option(at::ALTITUDE)?);
        }
        if bits & place_bit::ERROR != 0 {
            place.error_dm = step(place.error_dm, self.option(at::ERROR)?);
        }
        self.expected.place = place;
        Ok(place.position())
    }
}
