//! What the process weighs, and which of its connections are open. Reads Linux's `/proc`; elsewhere only the heap is known.

/// At one moment.
pub(super) struct Weight {
    /// Octets that are allocated.
    pub(super) heap: usize,
    /// KiB of the resident set.
    pub(super) resident: Option<usize>,
}

impl Weight {
    pub(super) fn of_this_process(heap: usize) -> Weight {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|size| size.trim().strip_suffix(" kB")?.parse().ok());
        Weight { heap, resident }
    }
}

/// How many connections the servers at these ports have not closed; `None` where nobody says.
pub(super) fn connections(ports: &[u16]) -> Option<usize> {
    let table = std::fs::read_to_string("/proc/self/net/tcp").ok()?;
    let is_open = |line: &&str| {
        let mut columns = line.split_whitespace().skip(1);
        let (Some(here), Some(_), Some(state)) = (columns.next(), columns.next(), columns.next()) else { return false };
        let port = here.rsplit(':').next().and_then(|port| u16::from_str_radix(port, 16).ok());
        // ESTABLISHED and CLOSE_WAIT.
        port.is_some_and(|port| ports.contains(&port)) && matches!(state, "01" | "08")
    };
    Some(table.lines().filter(is_open).count())
}
