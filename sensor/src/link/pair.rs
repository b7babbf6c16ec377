//! One pairing over a connection that stands: the sensor's side.

use super::connection::{ControlStream, STREAM_TIMEOUT, StreamError};
use super::gate::{Gate, PairingState};
use pw_trust::{EXPORTER_LABEL, KeyFingerprint, PairingBinding, PairingError, PairingResponder};
use pw_wire::{Message, RefusedReason, plain_name};
use std::time::Duration;

/// A person has typed the code already when the connection comes: pairing is machine against
/// machine and takes no longer than this.
const PAIRING_TIMEOUT: Duration = Duration::from_secs(20);

/// Pairs the desktop at the other end, or says why not. Gives words for the log.
pub(super) async fn pair(
    gate: &Gate,
    connection: &quinn::Connection,
    sensor: KeyFingerprint,
    sensor_name: &str,
    desktop: KeyFingerprint,
) -> Result<String, String> {
    let exchange = exchange(gate, connection, sensor, sensor_name, desktop);
    match tokio::time::timeout(PAIRING_TIMEOUT, exchange).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err("pairing took too long".to_owned()),
    }
}

async fn exchange(
    gate: &Gate,
    connection: &quinn::Connection,
    sensor: KeyFingerprint,
    sensor_name: &str,
    desktop: KeyFingerprint,
) -> Result<String, String> {
    let words = |error: StreamError| error.to_string();
    let mut exporter = [0; 32];
    connection
        .export_keying_material(&mut exporter, EXPORTER_LABEL, b"")
        .map_err(|_unavailable| "TLS gave no keying material".to_owned())?;
    let binding = PairingBinding { desktop, sensor, exporter };
    let mut stream = ControlStream::accept(connection).await.map_err(words)?;

    let Message::PairRequest { name, message } = stream.receive().await.map_err(words)? else {
        return Err(PairingError::Message.to_string());
    };
    let name = plain_name(&name);
    let code = match gate.attempt() {
        Ok(code) => code,
        Err(error) => {
            refuse(&mut stream, RefusedReason::PairingClosed).await?;
            return Err(error.to_string());
        }
    };
    let (responder, answer) = match PairingResponder::answer(&code, binding, &message) {
        Ok(answer) => answer,
        Err(error) => return failed(gate, &mut stream, &error).await,
    };
    stream.send(&Message::PairAnswer { message: answer }).await.map_err(words)?;

    let proof = match stream.receive().await {
        Ok(Message::PairProof { proof }) => proof,
        Ok(_) => return failed(gate, &mut stream, &PairingError::Message).await,
        // A desktop that finds the sensor's answer wrong just leaves; so does one without power.
        Err(error) => {
            gate.attempt_failed();
            return Err(words(error));
        }
    };
    let proof = match responder.confirmed(&proof) {
        Ok(proof) => proof,
        Err(error) => return failed(gate, &mut stream, &error).await,
    };
    if let Err(error) = gate.keys.add(&name, desktop) {
        refuse(&mut stream, RefusedReason::PairingNotStored).await?;
        return Err(error.to_string());
    }
    gate.close_window(PairingState::Paired { name: name.clone(), key: desktop });
    let done = Message::PairDone { proof, name: sensor_name.to_owned() };
    stream.send(&done).await.map_err(words)?;
    stream.finish(STREAM_TIMEOUT).await;
    Ok(name)
}

async fn failed(
    gate: &Gate,
    stream: &mut ControlStream,
    error: &PairingError,
) -> Result<String, String> {
    let attempts_left = gate.attempt_failed();
    refuse(stream, RefusedReason::PairingCode { attempts_left }).await?;
    Err(format!("{error}; attempts left: {attempts_left}"))
}

async fn refuse(stream: &mut ControlStream, reason: RefusedReason) -> Result<(), String> {
    stream.send(&Message::Refused(reason)).await.map_err(|error| error.to_string())?;
    stream.finish(STREAM_TIMEOUT).await;
    Ok(())
}
