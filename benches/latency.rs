//! Measures how long writes take that come at a steady rate, whatever the server does meanwhile.
//!
//! ```text
//! latency --port N [--seconds 10] [--rate 10000] [--connections 8] [--keys 5000000] [--size 64] [--until-idle]
//! ```
//!
//! Each connection sends a SET of a random key at fixed moments; time counts from the moment at which it was due, so that a
//! server that stands still is charged with all that waited. With `--until-idle` it goes on behind these seconds until INFO tells
//! of no save, rewrite or snapshot for replicas any more. Prints one JSON object: times in microseconds.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[derive(Clone)]
struct Plan {
    port: u16,
    seconds: f64,
    rate: f64,
    connections: u32,
    keys: u64,
    size: usize,
    until_idle: bool,
}

fn plan() -> Result<Plan, String> {
    let mut plan = Plan {
        port: 0,
        seconds: 10.0,
        rate: 10_000.0,
        connections: 8,
        keys: 5_000_000,
        size: 64,
        until_idle: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || -> Result<f64, String> {
            let value = args.next().ok_or_else(|| format!("{arg} needs a value"))?;
            value.parse().map_err(|_| format!("{arg}: {value} is no number"))
        };
        match arg.as_str() {
            "--port" => plan.port = number()? as u16,
            "--seconds" => plan.seconds = number()?,
            "--rate" => plan.rate = number()?,
            "--connections" => plan.connections = number()? as u32,
            "--keys" => plan.keys = number()? as u64,
            "--size" => plan.size = number()? as usize,
            "--until-idle" => plan.until_idle = true,
            // What cargo gives to every benchmark.
            "--bench" => {}
            _ => return Err(format!("unknown argument {arg}")),
        }
    }
    match plan.port {
        0 => Err("--port is missing".into()),
        _ => Ok(plan),
    }
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends at its moments until it is over; gives microseconds.
fn run(plan: &Plan, number: u32, over: &AtomicBool) -> std::io::Result<Vec<u32>> {
    let mut stream = connect(plan.port)?;
    let value = "x".repeat(plan.size);
    let mut state = 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(u64::from(number) + 1);
    let period = Duration::from_secs_f64(f64::from(plan.connections) / plan.rate);
    let start = Instant::now() + period.mul_f64(f64::from(number) / f64::from(plan.connections));
    let mut times = Vec::new();
    let mut reply = [0; 64];
    for turn in 0u32.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let due = start + period * turn;
        let now = Instant::now();
        if due > now {
            std::thread::sleep(due - now);
        }
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let key = format!("key:{}", state % plan.keys);
        let request = format!(
            "*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${}\r\n{value}\r\n",
            key.len(),
            value.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut got = 0;
        while got < 5 {
            match stream.read(&mut reply[got..])? {
                0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                bytes => got += bytes,
            }
        }
        if !reply.starts_with(b"+OK\r\n") {
            return Err(std::io::Error::other(String::from_utf8_lossy(&reply[..got]).into_owned()));
        }
        times.push(due.elapsed().as_micros().min(u128::from(u32::MAX)) as u32);
    }
    Ok(times)
}

fn is_busy(stream: &mut TcpStream) -> std::io::Result<bool> {
    stream.write_all(b"INFO everything\r\n")?;
    let mut text = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let bytes = stream.read(&mut buffer)?;
        text.extend_from_slice(&buffer[..bytes]);
        let all = String::from_utf8_lossy(&text);
        let length = all.split_once("\r\n").and_then(|(head, _)| head[1..].parse::<usize>().ok());
        if bytes == 0 || length.is_some_and(|length| text.len() > length) {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let signs = [
        "rdb_bgsave_in_progress:1",
        "aof_rewrite_in_progress:1",
        "state=wait_bgsave",
        "state=send_bulk",
    ];
    Ok(signs.iter().any(|sign| text.contains(sign)))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let plan = plan()?;
    let over = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let threads: Vec<_> = (0..plan.connections)
        .map(|number| {
            let (plan, over) = (plan.clone(), Arc::clone(&over));
            std::thread::spawn(move || run(&plan, number, &over))
        })
        .collect();
    std::thread::sleep(Duration::from_secs_f64(plan.seconds));
    if plan.until_idle {
        let mut stream = connect(plan.port)?;
        while is_busy(&mut stream)? && began.elapsed() < Duration::from_secs(600) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    over.store(true, Ordering::Relaxed);
    let seconds = began.elapsed().as_secs_f64();
    let mut times = Vec::new();
    for thread in threads {
        times.extend(thread.join().map_err(|_| "a connection failed")??);
    }
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(0);
    println!(
        "{{\"seconds\": {seconds:.3}, \"writes\": {}, \"per_second\": {:.0}, \"p50\": {}, \"p99\": {}, \"p999\": {}, \"p9999\": {}, \"max\": {}}}",
        times.len(),
        times.len() as f64 / seconds,
        at(0.5),
        at(0.99),
        at(0.999),
        at(0.9999),
        times.last().copied().unwrap_or(0),
    );
    Ok(())
}
