//! Counters and histograms of the server, in the form that Prometheus reads.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Upper bounds in seconds, from a cached read to what a client will hardly wait for.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How often samples are gathered into their buckets.
pub const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder is the process's; several servers in one process (tests) share it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// What is counted of every request, looked up once.
pub struct Metrics {
    recorder: PrometheusHandle,
    by_class: [Counter; 5],
    seconds: Histogram,
}

impl Metrics {
    pub fn install() -> Metrics {
        let recorder = recorder();
        let class = |name: &'static str| metrics::counter!("workforceos_http_requests_total", "class" => name);
        Metrics {
            recorder,
            by_class: [class("1xx"), class("2xx"), class("3xx"), class("4xx"), class("5xx")],
            seconds: metrics::histogram!("workforceos_http_request_seconds"),
        }
    }

    pub fn request(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.by_class[class].increment(1);
        self.seconds.record(took);
    }

    pub fn render(&self) -> String {
        self.recorder.render()
    }

    /// Keeps what waits to be gathered small; call it every [`UPKEEP`].
    pub fn upkeep(&self) {
        self.recorder.run_upkeep();
    }
}

fn recorder() -> PrometheusHandle {
    let install = || {
        let builder = PrometheusBuilder::new().set_buckets(&SECONDS).expect("there are buckets");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("the process has another metrics recorder: /metrics will be empty");
        }
        handle
    };
    RECORDER.get_or_init(install).clone()
}
