//! Measures the memory of this process and counts its open connections. The resident set and the connections come from
//! Linux's `/proc`. On a system without `/proc`, only the size of the heap is available.

/// The memory usage at one moment.
pub(super) struct Usage {
    /// The allocated bytes.
    pub(super) heap: usize,
    /// The resident set, in KiB.
    pub(super) resident: Option<usize>,
}

impl Usage {
    pub(super) fn of_this_process(heap: usize) -> Usage {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|size| size.trim().strip_suffix(" kB")?.parse().ok());
        Usage { heap, resident }
    }
}

/// Returns the number of connections that the servers on the given ports have not closed. Returns `None` if the system
/// has no `/proc`.
pub(super) fn open_connections(ports: &[u16]) -> Option<usize> {
    let table = std::fs::read_to_string("/proc/self/net/tcp").ok()?;
    let is_open = |line: &&str| {
        let mut columns = line.split_whitespace().skip(1);
        let (Some(local_address), Some(_), Some(state)) = (columns.next(), columns.next(), columns.next()) else {
            return false;
        };
        let port = local_address.rsplit(':').next().and_then(|port| u16::from_str_radix(port, 16).ok());
        // The codes 01 and 08 are the states ESTABLISHED and CLOSE_WAIT.
        port.is_some_and(|port| ports.contains(&port)) && matches!(state, "01" | "08")
    };
    Some(table.lines().filter(is_open).count())
}
