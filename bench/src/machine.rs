//! What the operating system does for a cell: one core only, CPU time used, an end with its parent.

use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

/// The share of the machine that other programs may use during a run that counts, with `--quiet`.
pub(crate) const TOLERABLE: f64 = 0.1;

const THIS_THREAD: Pid = Pid::from_raw(0);

/// Confines this thread, and all that it will start, to one core.
///
/// # Errors
/// What the system says where it refuses.
pub(crate) fn pin_to_one_core() -> nix::Result<()> {
    let allowed = sched_getaffinity(THIS_THREAD)?;
    let mut core = CpuSet::new();
    for index in (0..CpuSet::count()).rev() {
        if allowed.is_set(index)? {
            core.set(index)?;
            break;
        }
    }
    sched_setaffinity(THIS_THREAD, &core)
}

/// Ends this process when its parent dies: a spinning orphan would spoil every later figure.
///
/// # Errors
/// What the system says where it refuses.
pub(crate) fn die_with_parent() -> nix::Result<()> {
    set_pdeathsig(Signal::SIGKILL)
}

/// Raises the number of files that this process may have open to what the system allows it.
///
/// # Errors
/// What the system says where it refuses.
pub(crate) fn allow_many_files() -> nix::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)
}

/// CPU time of all threads of this process so far, user and system.
pub(crate) fn cpu_time() -> Duration {
    cpu_time_of(UsageWho::RUSAGE_SELF)
}

/// CPU time of all processes that this one has started and waited for, and that those have.
pub(crate) fn cpu_time_of_children() -> Duration {
    cpu_time_of(UsageWho::RUSAGE_CHILDREN)
}

/// The two above.
pub(crate) fn cpu_time_of_all() -> Duration {
    cpu_time() + cpu_time_of_children()
}

/// Some processes, and how much CPU time they have used so far.
pub(crate) struct Family(Vec<ClockId>);

impl Family {
    /// The process with this number, and all that descend from it.
    ///
    /// # Panics
    /// If there is no `/proc`, or the system tells nothing about our own.
    pub(crate) fn of(ancestor: u32) -> Self {
        let mut family = vec![ancestor];
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            family.extend(children_of(parent));
            next += 1;
        }
        let clock = |pid: &u32| clock_getcpuclockid(Pid::from_raw(*pid as i32)).expect("a clock of our own process");
        Self(family.iter().map(clock).collect())
    }

    /// CPU time that they have used so far, all in all.
    ///
    /// # Panics
    /// If one of them has ended.
    pub(crate) fn cpu_time(&self) -> Duration {
        let used = |clock: &ClockId| Duration::from(clock.now().expect("a process that is still there"));
        self.0.iter().map(used).sum()
    }
}

/// The processes that any thread of this one has started, and that are there.
///
/// # Panics
/// If there is no `/proc`.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).expect("a system with /proc, and that process");
    let listed = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    listed.flat_map(|pids| pids.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>()).collect()
}

/// What a process is doing: its state, and where in the kernel it waits.
pub(crate) fn doing(pid: u32) -> String {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let stat = read("stat");
    let state = stat.rsplit(") ").next().and_then(|fields| fields.chars().next()).unwrap_or('?');
    format!("{state} {}", read("wchan"))
}

/// Memory of this process that is really there, by `/proc/self/status`, which counts in KiB.
///
/// # Panics
/// If there is no such file, or it is not what we know.
pub(crate) fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a system with /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line about resident memory");
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number of KiB");
    kibibytes * 1024.0
}

/// What programs could still take without others having to give way, by `/proc/meminfo`; 4 GiB where there is none.
pub(crate) fn available_bytes() -> usize {
    let kibibytes = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim().trim_end_matches(" kB").parse::<usize>().ok()
    });
    kibibytes.map_or(4 << 30, |kibibytes| kibibytes << 10)
}

/// How busy the whole machine has been, and how much of that was us: to tell how much others disturb a measurement.
pub(crate) struct Noise {
    since: Instant,
    busy: Duration,
    ours: Duration,
}

impl Noise {
    /// Starts to listen; nothing where `/proc/stat` is not what we know.
    pub(crate) fn listen() -> Option<Self> {
        Some(Self { since: Instant::now(), busy: busy()?, ours: cpu_time_of_all() })
    }

    /// The share of the machine's cores that others have used since, from 0 to 1.
    pub(crate) fn others(&self) -> Option<f64> {
        let ours = cpu_time_of_all() - self.ours;
        let others = (busy()? - self.busy).saturating_sub(ours);
        let cores = std::thread::available_parallelism().ok()?.get() as f64;
        Some(others.as_secs_f64() / (self.since.elapsed().as_secs_f64() * cores))
    }
}

/// What all cores have worked since the system started: `/proc/stat`, in its unit of 10 ms.
fn busy() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/stat").ok()?;
    let fields: Option<Vec<u64>> =
        statistics.lines().next()?.split_whitespace().skip(1).map(|f| f.parse().ok()).collect();
    let [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] = fields?[..] else { return None };
    Some(Duration::from_millis(10 * (user + nice + system + irq + softirq + steal)))
}

fn cpu_time_of(who: UsageWho) -> Duration {
    let usage = getrusage(who).expect("getrusage has no reason to fail for the caller and its children");
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}
