//! The crate cala-ledger under one load, for `make bench-ledger`.
//!
//! `cala-bench DSN CASE CLIENTS SECONDS` prints a line of JSON. Case `setup` makes journal, accounts, sets,
//! template and velocity control; the others are measured. Ids are computed, so that a case finds what the
//! set-up made. `CALA_BENCH_POOL` sets the connections of the pool (as many as clients, at least 2).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cala_ledger::account::NewAccount;
use cala_ledger::account_set::NewAccountSet;
use cala_ledger::journal::NewJournal;
use cala_ledger::posting::PostingInput;
use cala_ledger::tx_template::{
    NewParamDefinition, NewTxTemplate, NewTxTemplateEntry, NewTxTemplateTransaction, ParamDataType, Params,
};
use cala_ledger::velocity::{NewBalanceLimit, NewLimit, NewVelocityControl, NewVelocityLimit};
use cala_ledger::{
    AccountId, AccountSetId, BalanceRollup, CalaLedger, CalaLedgerConfig, JournalId, TransactionId, VelocityControlId,
    VelocityLimitId, job,
};
use rust_decimal::Decimal;
use uuid::Uuid;

const ACCOUNTS: u64 = 1_000;
const BATCH: u64 = 1_000;
const PLAIN: u128 = 0x1_0000;
const LIMITED: u128 = 0x2_0000;
const NESTED: u128 = 0x3_0000;
const HOT: u128 = 0x4_0000;
const JOURNAL: u128 = 1;
const OUTER: u128 = 2;
const INNER: u128 = 3;
const LIMIT: u128 = 4;
const CONTROL: u128 = 5;
const TEMPLATE: u128 = 6;

fn id(base: u128, number: u64) -> Uuid {
    Uuid::from_u128((0x0190_0000_0000_7000_8000_u128 << 48) + base + u128::from(number))
}

fn account(base: u128, number: u64) -> AccountId {
    AccountId::from(id(base, number))
}

/// A stream of numbers good enough to pick accounts by (xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn pair(&mut self, base: u128) -> (AccountId, AccountId) {
        let one = self.below(ACCOUNTS);
        let other = (one + 1 + self.below(ACCOUNTS - 1)) % ACCOUNTS;
        (account(base, one), account(base, other))
    }
}

async fn open(dsn: &str, connections: u32) -> Result<(CalaLedger, job::Jobs)> {
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(connections).connect(dsn).await?;
    let mut jobs = job::Jobs::init(
        job::JobSvcConfig::builder().pool(pool.clone()).build().map_err(anyhow::Error::msg)?,
    )
    .await?;
    let config = CalaLedgerConfig::builder().pool(pool).exec_migrations(true).build()?;
    Ok((CalaLedger::init(config, &mut jobs).await?, jobs))
}

async fn set_up(cala: &CalaLedger) -> Result<()> {
    let journal = NewJournal::builder().id(JournalId::from(id(JOURNAL, 0))).name("Bench").build()?;
    cala.journals().create(journal).await?;
    let param = |name: &str, kind| NewParamDefinition::builder().name(name).r#type(kind).build();
    let entry = |side: &str| {
        NewTxTemplateEntry::builder()
            .entry_type(format!("'PAY_{side}'"))
            .account_id(format!("params.{}", side.to_lowercase()))
            .layer("SETTLED")
            .direction(side)
            .units("params.amount")
            .currency("'USD'")
            .build()
    };
    let template = NewTxTemplate::builder()
        .id(id(TEMPLATE, 0))
        .code("PAY")
        .params(vec![
            param("journal", ParamDataType::Uuid)?,
            param("debit", ParamDataType::Uuid)?,
            param("credit", ParamDataType::Uuid)?,
            param("amount", ParamDataType::Decimal)?,
            param("effective", ParamDataType::Date)?,
        ])
        .transaction(
            NewTxTemplateTransaction::builder()
                .journal_id("params.journal")
                .effective("params.effective")
                .build()?,
        )
        .entries(vec![entry("DEBIT")?, entry("CREDIT")?])
        .build()?;
    cala.tx_templates().create(template).await?;

    let limit = NewVelocityLimit::builder()
        .id(VelocityLimitId::from(id(LIMIT, 0)))
        .name("No net debit beyond")
        .description("as much as is never reached")
        .window(vec![])
        .limit(
            NewLimit::builder()
                .balance(vec![
                    NewBalanceLimit::builder()
                        .layer("SETTLED")
                        .amount("decimal('10000000000000')")
                        .enforcement_direction("DEBIT")
                        .always_active()
                        .build()?,
                ])
                .build()?,
        )
        .build()?;
    cala.velocities().create_limit(limit).await?;
    let control = VelocityControlId::from(id(CONTROL, 0));
    cala.velocities()
        .create_control(NewVelocityControl::builder().id(control).name("Bench").description("bench").build()?)
        .await?;
    cala.velocities().add_limit_to_control(control, VelocityLimitId::from(id(LIMIT, 0))).await?;

    for base in [OUTER, INNER] {
        let set = NewAccountSet::builder()
            .id(AccountSetId::from(id(base, 0)))
            .journal_id(JournalId::from(id(JOURNAL, 0)))
            .name("Set")
            .balance_rollup(BalanceRollup::Synchronous) // visible at once, as ours
            .build()?;
        cala.account_sets().create(set).await?;
    }
    cala.account_sets()
        .add_member(AccountSetId::from(id(OUTER, 0)), AccountSetId::from(id(INNER, 0)))
        .await?;
    for (base, count) in [(PLAIN, ACCOUNTS), (LIMITED, ACCOUNTS), (NESTED, ACCOUNTS), (HOT, 1)] {
        let mut all = Vec::new();
        for number in 0..count {
            let name = id(base, number).to_string();
            all.push(NewAccount::builder().id(account(base, number)).name(name.clone()).code(name).build()?);
        }
        cala.accounts().create_all(all).await?;
    }
    let members: Vec<_> =
        (0..ACCOUNTS).map(|number| (AccountSetId::from(id(INNER, 0)), account(NESTED, number))).collect();
    cala.account_sets().add_members(&members).await?;
    for number in 0..ACCOUNTS {
        cala.velocities().attach_control_to_account(control, account(LIMITED, number), Params::new()).await?;
    }
    Ok(())
}

fn params((debit, credit): (AccountId, AccountId)) -> Params {
    let mut params = Params::new();
    params.insert("journal", JournalId::from(id(JOURNAL, 0)));
    params.insert("debit", debit);
    params.insert("credit", credit);
    params.insert("amount", Decimal::ONE);
    params.insert("effective", "2026-01-01".parse::<chrono::NaiveDate>().expect("a date"));
    params
}

async fn one_call(cala: &CalaLedger, case: &str, draw: &mut Draw) -> Result<u64> {
    let pair = match case {
        "pairs" | "batch" | "account" => draw.pair(PLAIN),
        "hot" => (draw.pair(PLAIN).0, account(HOT, 0)),
        "sets" => draw.pair(NESTED),
        "limit" => (draw.pair(LIMITED).0, draw.pair(PLAIN).0),
        _ => bail!("unknown case {case}"),
    };
    match case {
        "account" => {
            cala.balances()
                .find(JournalId::from(id(JOURNAL, 0)), account(HOT, 0), "USD".parse()?)
                .await?;
            Ok(1)
        }
        "batch" => {
            let inputs = (0..BATCH)
                .map(|_| PostingInput::new(TransactionId::new(), "PAY", params(draw.pair(PLAIN))))
                .collect();
            cala.post_transactions(inputs).await?;
            Ok(BATCH)
        }
        _ => {
            cala.post_transaction(TransactionId::new(), "PAY", params(pair)).await?;
            Ok(1)
        }
    }
}

fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let field = |n: usize| after.split_whitespace().nth(n).and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0);
    (field(11) + field(12)) / 100.0
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dsn, case, clients, seconds] = &arguments[..] else {
        bail!("usage: cala-bench DSN CASE CLIENTS SECONDS");
    };
    let clients: u64 = clients.parse().context("CLIENTS")?;
    let seconds: f64 = seconds.parse().context("SECONDS")?;
    let connections = std::env::var("CALA_BENCH_POOL").ok().and_then(|v| v.parse().ok());
    let (cala, _jobs) = open(dsn, connections.unwrap_or(clients.max(2) as u32)).await?;
    if case == "setup" {
        set_up(&cala).await?;
        println!("{{}}");
        return Ok(());
    }
    if case == "account" {
        cala.post_transaction(TransactionId::new(), "PAY", params((account(PLAIN, 0), account(HOT, 0)))).await?;
    }
    let warm = Duration::from_secs_f64((seconds / 4.0).min(1.0));
    let begin = Instant::now() + warm;
    let end = begin + Duration::from_secs_f64(seconds);
    let faults = Arc::new(AtomicU64::new(0));
    let cpu = tokio::spawn(async move {
        tokio::time::sleep_until(begin.into()).await;
        cpu_seconds()
    });
    let mut tasks = Vec::new();
    for client in 0..clients {
        let (cala, case, faults) = (cala.clone(), case.clone(), faults.clone());
        tasks.push(tokio::spawn(async move {
            let mut draw = Draw(0x9E37_79B9_7F4A_7C15 ^ (client + 1).wrapping_mul(0x2545_F491_4F6C_DD1D));
            let mut done: Vec<(f64, u64)> = Vec::new();
            while Instant::now() < end {
                let started = Instant::now();
                match one_call(&cala, &case, &mut draw).await {
                    Ok(count) if started >= begin && Instant::now() < end => {
                        done.push((started.elapsed().as_secs_f64() * 1000.0, count));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        if faults.fetch_add(1, Ordering::Relaxed) == 0 {
                            eprintln!("{error:#}");
                        }
                    }
                }
            }
            done
        }));
    }
    let mut latencies = Vec::new();
    let mut count = 0;
    for task in tasks {
        for (latency, posted) in task.await? {
            latencies.push(latency);
            count += posted;
        }
    }
    let used = cpu_seconds() - cpu.await?;
    if latencies.is_empty() {
        bail!("nothing succeeded");
    }
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    println!(
        "{{\"rate\": {:.2}, \"count\": {count}, \"seconds\": {seconds}, \"p50_ms\": {:.3}, \"p99_ms\": {:.3}, \
         \"cpu_s\": {used:.2}, \"faults\": {}}}",
        count as f64 / seconds,
        at(0.5),
        at(0.99),
        faults.load(Ordering::Relaxed),
    );
    Ok(())
}
